import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Entry } from '../../../src/box/index.ts';
import { aRecord, memoryBox, spanContext } from '../../box/support/memory-box.ts';
import { distlog, tempFolder } from './support.ts';

const folder = tempFolder();

test('distlog box shows what a box holds as trees, the last words and the last sign, and changes nothing', async () => {
  const { writer, file } = memoryBox({ pid: 4711 });
  writer.held(aRecord('asks the bank', { spanContext: spanContext('a') }), 'a'.repeat(32));
  writer.loud(aRecord('a bad \u001b[31m text', { severityNumber: 17, severityText: 'ERROR' }), 1);
  const signs = {
    rss: 90 * 2 ** 20,
    heapUsed: 40 * 2 ** 20,
    heapLimit: 2 ** 31,
    loopDelayMillis: 3.5,
    holding: 1,
  };
  writer.json(Entry.SIGNS, { ...signs, atMillis: 1_700_000_001_000 });
  const words = {
    text: 'uncaught exception: RangeError: too far',
    stack: 'RangeError: too far\n    at charge',
  };
  writer.json(Entry.LAST_WORDS, { ...words, isFailure: true, atMillis: 1_700_000_002_000 });
  writer.flush();
  const path = join(folder.path, 'checkout.box');
  writeFileSync(path, file);
  const { code, out, err } = await distlog(['box', path]);
  expect({ code, err }).toEqual({ code: 0, err: [] });
  const text = out.join('\n');
  expect(text).toContain('process 4711 of checkout, since 2023-11-14T22:13:20.000Z');
  expect(text).toContain('last words 2023-11-14T22:13:22.000Z: uncaught exception: RangeError: too far');
  expect(text).toContain('    at charge');
  expect(text).toContain('rss 90 MiB, heap 40 MiB of 2048 MiB, event loop 3.5 ms late, 1 held');
  expect(text).toContain('1 record held, 1 not delivered');
  expect(text).toContain('asks the bank');
  expect(text).not.toContain('\u001b[31m');
});

test('a file that is no box, one that is not there, and no file at all are errors', async () => {
  const path = folder.write('notes.txt', 'no box');
  expect(await distlog(['box', path])).toMatchObject({
    code: 65,
    err: [expect.stringContaining('not a box')],
  });
  expect(await distlog(['box', `${path}.gone`])).toMatchObject({ code: 66 });
  expect(await distlog(['box'])).toMatchObject({ code: 64 });
});
