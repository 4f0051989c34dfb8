import { sinkType } from '../../component/index.ts';
import { ConsoleSink } from './console-sink.ts';
import { consoleSinkOptions } from './options.ts';

/** `type: console`. */
export const consoleSink = sinkType({
  type: 'console',
  options: consoleSinkOptions,
  delivery: { behindBytes: 64 * 1024 * 1024, behindMillis: 60_000, onFull: 'skip' },
  make: (options, { log }) => new ConsoleSink(options, { log }),
});
