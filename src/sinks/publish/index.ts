export { PublishSink } from './publish-sink.ts';
export { publishSink } from './publish-sink-type.ts';
