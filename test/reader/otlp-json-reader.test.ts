import * as fc from 'fast-check';
import { Progress } from '../../src/cli/distlog/progress.ts';
import { OtlpJsonReader } from '../../src/reader/otlp-json-reader.ts';
import { bodyText } from '../../src/text/index.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { failedCheckout, record } from '../tree/story.ts';

function bodiesOf(chunks: readonly Uint8Array[], maxLineBytes?: number) {
  const reader = new OtlpJsonReader(maxLineBytes);
  const groups = [...chunks.flatMap((chunk) => [...reader.of(chunk)]), ...reader.rest()];
  return { bodies: groups.flatMap((group) => group.records.map(bodyText)), report: reader.report };
}

const records = [...failedCheckout(), record({ body: 'zürich 東京 👩‍👩‍👧' })];

test('the records are the same with any chunk boundaries', () => {
  const bytes = Buffer.from(records.map((each) => otlpLine(each)).join('\n'));
  const cuts = fc.array(fc.nat(bytes.length), { maxLength: 30 });
  fc.assert(
    fc.property(cuts, (found) => {
      const at = [0, ...found.toSorted((one, other) => one - other), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      const { bodies, report } = bodiesOf(chunks);
      expect(bodies).toEqual(records.map(({ body }) => body));
      expect(report).toMatchObject({ bytes: bytes.length, records: records.length, badLines: 0 });
    }),
    { numRuns: 100 },
  );
});

test('a line over the limit is skipped and counted, and the next one is read', () => {
  const lines = [otlpLine(record({ body: 'a'.repeat(5_000) })), otlpLine(record({ body: 'short' }))];
  const bytes = Buffer.from(lines.join('\n'));
  const chunks = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, at) =>
    bytes.subarray(at * 100, at * 100 + 100),
  );
  const { bodies, report } = bodiesOf(chunks, 1_000);
  expect(bodies).toEqual(['short']);
  expect(report).toMatchObject({ badLines: 1, firstBad: [{ line: 1, cause: 'longer than the limit' }] });
});

test('a line of exactly the limit is read, one of a byte more is not', () => {
  const bytes = Buffer.from(otlpLine(record({ body: 'ü' })));
  for (const chunks of [[bytes], [bytes.subarray(0, 50), bytes.subarray(50)]]) {
    expect(bodiesOf(chunks, bytes.length).bodies).toEqual(['ü']);
    expect(bodiesOf(chunks, bytes.length - 1)).toMatchObject({ bodies: [], report: { badLines: 1 } });
  }
});

test('a byte order mark, empty lines and traces or metrics are not errors', () => {
  const text = `\ufeff${otlpLine(record({ body: 'x' }))}\r\n\r\n  \n{"resourceSpans":[]}\n{"resourceMetrics":[]}\n`;
  const { bodies, report } = bodiesOf([Buffer.from(text)]);
  expect(bodies).toEqual(['x']);
  expect(report).toMatchObject({ badLines: 0, otherSignals: 2 });
});

test('the first five of many bad lines are reported, and all are counted', () => {
  const { report } = bodiesOf([Buffer.from('x\n'.repeat(100))]);
  expect(report.badLines).toBe(100);
  expect(report.firstBad.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
});

test('bytes of any kind are counted, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
      const { bodies } = bodiesOf(chunks);
      expect(bodies).toEqual([]);
    }),
  );
});

test('a long read shows its progress on a terminal, and clears it', () => {
  const written: string[] = [];
  const out = { isTTY: true, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  let now = 0;
  const progress = new Progress(out, () => now);
  progress.show(10, 10);
  now = 600;
  progress.show(1_200_000, 300 * 2 ** 20);
  now = 700;
  progress.show(1_300_000, 310 * 2 ** 20);
  progress.clear();
  progress.clear();
  expect(written).toEqual(['\rreading: 1,200,000 records, 300 MiB\x1b[K', '\r\x1b[K']);
});

test('progress is not shown in a file', () => {
  const out = { isTTY: false, write: () => expect('written').toBe('') } as unknown as NodeJS.WriteStream;
  let now = 0;
  const progress = new Progress(out, () => now);
  now = 9_000;
  progress.show(1, 1);
  progress.clear();
});
