import { join } from 'node:path';
import { sinkType } from '../../component/index.ts';
import { storeSinkOptions } from './options.ts';
import { StoreSink } from './store-sink.ts';

/** `type: store`. */
export const storeSink = sinkType({
  type: 'store',
  options: storeSinkOptions,
  delivery: { behindMillis: 0, onFull: 'block' },
  complete: ({ path }, { name, data }) => ({ path: path ?? join(data, 'store', name) }),
  make: (options, { log, journalId, continues, storeProgram }) => {
    return new StoreSink(
      { ...options, path: options.path! },
      {
        log,
        program: storeProgram,
        journal: Buffer.from(journalId).toString('hex'),
        continues,
      },
    );
  },
});
