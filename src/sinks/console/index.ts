export { ConsoleSink } from './console-sink.ts';
export { type ConsoleSinkOptions, type ConsoleSinkTools, consoleSinkOptions } from './options.ts';
