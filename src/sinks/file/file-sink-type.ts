import { join } from 'node:path';
import { sinkType } from '../../component/index.ts';
import { FileSink } from './file-sink.ts';
import { fileSinkOptions } from './options.ts';

/** `type: file`. */
export const fileSink = sinkType({
  type: 'file',
  options: fileSinkOptions,
  delivery: { behindMillis: 0, onFull: 'block' },
  complete: ({ path, format }, { name, logs }) => ({
    path: path ?? join(logs, `${name}.${format === 'text' ? 'log' : 'jsonl'}`),
  }),
  make: (options, { log }) => new FileSink({ ...options, path: options.path! }, { log }),
});
