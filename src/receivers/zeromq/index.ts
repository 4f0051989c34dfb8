export { type ScanBody, ZmqAckReceiver, type ZmqAckReceiverTools } from './ack-receiver.ts';
export type { DecodeMessage, PushMessage } from './message-group.ts';
export {
  type ZmqAckReceiverOptions,
  type ZmqPushReceiverOptions,
  zmqAckOptions,
  zmqPushOptions,
} from './options.ts';
export { ZmqPushReceiver, type ZmqPushReceiverTools } from './push-receiver.ts';
export type { ZmqReceiverTools } from './tools.ts';
