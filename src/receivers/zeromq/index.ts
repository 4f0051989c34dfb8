export { type ScanBody, ZmqAckReceiver, type ZmqAckReceiverTools } from './ack-receiver.ts';
export type { DecodeMessage, PushMessage } from './message-group.ts';
export {
  type ZmqAckReceiverOptions,
  type ZmqPushReceiverOptions,
  type ZmqReceiverTools,
  zmqAckOptions,
  zmqPushOptions,
} from './options.ts';
export { ZmqPushReceiver, type ZmqPushReceiverTools } from './push-receiver.ts';
