export { ConsoleSink, type ConsoleSinkOptions } from './console-sink.ts';
export { consoleSinkOptions } from './options.ts';
