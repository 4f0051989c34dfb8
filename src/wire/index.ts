export {
  CONTENT_OTLP,
  type DataFrame,
  decodeClientFrame,
  ENCODING_GZIP,
  ENCODING_IDENTITY,
  encodeData,
  encodeHello,
  type HelloFrame,
} from './frames/client-frame.ts';
export { FrameError, type FrameFault } from './frames/frame-error.ts';
export { ID_BYTES, MAGIC, NO_JOURNAL } from './frames/layout.ts';
export { decodeReply, encodeReply, type Reply } from './frames/reply-frame.ts';
export { unpackBody } from './frames/unpack-body.ts';
