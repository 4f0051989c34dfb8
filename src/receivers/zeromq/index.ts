export { type ScanBody, ZmqAckReceiver, type ZmqAckReceiverOptions } from './ack-receiver.ts';
export type { AcceptedLike, BatchLike, CountersLike, IntakeLike, OriginLike } from './intake.ts';
export type { DecodeMessage, PushMessage } from './message-group.ts';
export { ZmqPushReceiver, type ZmqPushReceiverOptions } from './push-receiver.ts';
export type { ZmqReceiverOptions } from './receiver-options.ts';
