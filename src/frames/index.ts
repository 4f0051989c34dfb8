export {
  CONTENT_OTLP,
  type DataFrame,
  decodeClientFrame,
  ENCODING_GZIP,
  ENCODING_IDENTITY,
  encodeData,
  encodeHello,
  type HelloFrame,
} from './client-frame.ts';
export { FrameError, type FrameErrorCause } from './frame-error.ts';
export { MAGIC, NO_JOURNAL } from './layout.ts';
export { hasOwner, isOwner, newProducer, type Producer } from './producer.ts';
export { decodeReply, encodeReply, type Reply } from './reply-frame.ts';
export { unpackBody } from './unpack-body.ts';
