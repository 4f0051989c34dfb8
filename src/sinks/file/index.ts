export { FileSink } from './file-sink.ts';
export { fileSink } from './file-sink-type.ts';
export { type FileSinkOptions, type FileSinkTools, fileSinkOptions } from './options.ts';
