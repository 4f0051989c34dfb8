export { FileSink } from './file-sink.ts';
export { type FileSinkOptions, type FileSinkTools, fileSinkOptions } from './options.ts';
