export { ConsoleSink } from './console-sink.ts';
export { consoleSink } from './console-sink-type.ts';
export { type ConsoleSinkOptions, type ConsoleSinkTools, consoleSinkOptions } from './options.ts';
