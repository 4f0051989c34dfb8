export type { FileSinkOptions, RotateOptions } from './file-options.ts';
export { FileSink } from './file-sink.ts';
export { fileSinkOptions } from './options.ts';
