export { ForwardSink } from './forward-sink.ts';
export { forwardSink } from './forward-sink-type.ts';
