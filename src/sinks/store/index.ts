export { type StoreSinkOptions, storeSinkOptions } from './options.ts';
export { StoreSink, type StoreSinkTools } from './store-sink.ts';
export { storeSink } from './store-sink-type.ts';
