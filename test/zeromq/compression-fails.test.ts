import type * as zlib from 'node:zlib';
import { ManualClock } from '../support/manual-clock.ts';
import { closeAll, closeLater, newExporter, send } from './support/exporting.ts';
import { ScriptedDaemon } from './support/scripted-daemon.ts';

/** Ends the failing compression. */
let mockFail = () => {};

/** Fails as zlib does when there is no memory for its window; nothing else makes it fail. */
jest.mock('node:zlib', () => {
  const real = jest.requireActual<typeof zlib>('node:zlib');
  const gzip = (body: Uint8Array, options: object, done: (error: Error | null, packed?: Buffer) => void) => {
    if (!Buffer.from(body).includes('bad'))
      return void setImmediate(done, null, real.gzipSync(body, options));
    mockFail = () => done(new Error('Cannot allocate memory'));
  };
  return { ...real, gzip };
});

afterEach(closeAll);

test('a batch that cannot be compressed fails with the reason, and the following ones continue without it', async () => {
  const daemon = await ScriptedDaemon.start();
  closeLater(() => daemon.stop());
  const clock = new ManualClock();
  const exporter = newExporter({ endpoint: daemon.endpoint, compression: 'gzip', clock });
  const [first, bad, last] = ['first', 'bad', 'last'].map((text) => send(exporter, text));
  await daemon.until(() => daemon.heard.length === 1);
  daemon.answer({ kind: 'welcome', last: 0, credit: 8, maxBytes: 1_000 });
  await daemon.until(() => daemon.heard.length === 2);
  mockFail();
  expect(await bad).toMatchObject({ code: 'compression', message: 'Error: Cannot allocate memory' });
  await daemon.until(() => daemon.heard.length >= 3);
  expect(daemon.heard.slice(0, 3)).toEqual(['hello 0', '1 after 0', '3 after 1']);
  daemon.answer({ kind: 'ack', last: 3, credit: 8 });
  expect(await Promise.all([first, last])).toEqual([undefined, undefined]);
  expect(exporter.stats()).toMatchObject({ exported: 2, pending: 0, failed: { compression: 1 } });
});
