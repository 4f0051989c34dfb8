import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { LogGroup } from '../../src/otlp/index.ts';
import { inputsOf } from '../../src/reader/input-files.ts';
import { OtlpJsonReader } from '../../src/reader/otlp-json-reader.ts';
import { bodyText } from '../../src/text/index.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { failedCheckout, record } from '../tree/story.ts';

function read(text: string) {
  const reader = new OtlpJsonReader();
  const groups = [...reader.of(Buffer.from(text)), ...reader.rest()];
  return { bodies: groups.flatMap(({ records }) => records.map(bodyText)), bad: reader.report.firstBad };
}

const one = otlpLine(record({ body: 'one' }));
const two = otlpLine(record({ body: 'two "quoted" {[' }));
const both = ['one', 'two "quoted" {['];
const pretty = (line: string) => JSON.stringify(JSON.parse(line), null, 2);
const docker = (log: string) => JSON.stringify({ log, stream: 'stdout', time: '2026-11-30T00:00:00Z' });
const cri = (text: string, flag = 'F', output = 'stdout') =>
  `2026-11-30T00:00:00.123456789Z ${output} ${flag} ${text}`;
const resourceLogs = (line: string) =>
  JSON.stringify((JSON.parse(line) as { resourceLogs: unknown[] }).resourceLogs[0]);

test.each([
  ['one behind the other on a line', `${one}${two}\n`],
  ['with blanks between them', `${one}  ${two}`],
  ['pretty-printed', `${pretty(one)}\n${pretty(two)}\n`],
  ['in an array', `[${one},${two}]`],
  ['in a pretty-printed array', JSON.stringify([JSON.parse(one), JSON.parse(two)], null, 4)],
  ['in arrays on lines', `[${one}]\r\n[ ${two} ]\r\n`],
  ["docker's json-file", `${docker(`${one}\n`)}\n${docker(`${two}\n`)}\n`],
  [
    "docker's json-file, a line in parts",
    `${docker(one.slice(0, 50))}\n${docker(`${one.slice(50)}\n`)}\n${docker(`${two}\n`)}`,
  ],
  ["Kubernetes' CRI form", `${cri(one)}\n${cri(two)}`],
  [
    "Kubernetes' CRI form, a line in parts",
    `${cri(one.slice(0, 70), 'P')}\n${cri(one.slice(70))}\n${cri(two)}`,
  ],
  [
    "Kubernetes' CRI form, lines in parts on both outputs",
    [
      cri(one.slice(0, 70), 'P'),
      cri(two.slice(0, 50), 'P', 'stderr'),
      cri(one.slice(70)),
      cri(two.slice(50), 'F', 'stderr'),
    ].join('\n'),
  ],
  [
    'ResourceLogs without a request, with names as in the protobuf definition',
    `${resourceLogs(one).replace('scopeLogs', 'scope_logs')}\n${resourceLogs(two)}`,
  ],
  ['ResourceLogs without a request', `${resourceLogs(one)}\n${resourceLogs(two)}`],
  [
    'names as in the protobuf definition',
    [one, two]
      .map((line) => line.replace('resourceLogs', 'resource_logs').replace('scopeLogs', 'scope_logs'))
      .join('\n'),
  ],
])('documents are found %s', (_name, text) => {
  expect(read(text)).toEqual({ bodies: both, bad: [] });
});

test('a truncated document is reported with its line, and the next ones are read', () => {
  const { bodies, bad } = read(`${one}\n${two.slice(0, -20)}\n${two}\n${pretty(one).slice(0, 80)}\n${one}\n`);
  expect(bodies).toEqual([...both, 'one']);
  expect(bad.map(({ line }) => line)).toEqual([2, 4]);
});

test('a split line whose last part is missing is reported', () => {
  const { bodies, bad } = read(`${cri(one)}\n${cri(two.slice(0, 50), 'P')}\n`);
  expect(bodies).toEqual(['one']);
  expect(bad).toEqual([{ line: 2, cause: expect.any(String) }]);
});

/** A line in parts of this many characters, as a container engine splits it. */
const inParts = (line: string, length: number, wrapped: (part: string, isLast: boolean) => string) =>
  Array.from({ length: Math.ceil(line.length / length) }, (_, at) =>
    wrapped(line.slice(at * length, (at + 1) * length), (at + 1) * length >= line.length),
  );
const byCri = (line: string, size: number) =>
  inParts(line, size, (part, isLast) => cri(part, isLast ? 'F' : 'P'));
const forms: readonly ((line: string, size: number) => readonly string[])[] = [
  (line) => [line],
  (line, size) => JSON.stringify(JSON.parse(line), null, (size % 4) + 1).split('\n'),
  (line) => [`[${line}]`],
  (line) => ['[', `${line},`, ']'],
  (line, size) => inParts(line, size, (part, isLast) => docker(isLast ? `${part}\n` : part)),
  byCri,
  (line) => ['', ` ${line} `, '\t'],
];

test('all documents are found in order, in any format and wrapping, with any chunk boundaries', () => {
  const document = fc.record({
    body: fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ' ', 'é', '\n', 'x'),
      maxLength: 12,
    }),
    form: fc.constantFrom(...forms),
    size: fc.integer({ min: 20, max: 300 }),
  });
  fc.assert(
    fc.property(
      fc.array(document, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 500 }),
      (documents, lineEnd, cut) => {
        const bodies = documents.map(({ body }, at) => `${at} ${body}`);
        const text = documents.map(({ form, size }, at) => {
          const end = form === byCri ? '\n' : lineEnd;
          return form(otlpLine(record({ body: bodies[at]! })), size).join(end) + end;
        });
        const bytes = Buffer.from(text.join(''));
        const reader = new OtlpJsonReader();
        const found: unknown[] = [];
        const take = (groups: Iterable<LogGroup>) => {
          for (const { records } of groups) found.push(...records.map(bodyText));
        };
        for (let at = 0; at < bytes.length; at += cut) take(reader.of(bytes.subarray(at, at + cut)));
        take(reader.rest());
        expect(found).toEqual(bodies);
        expect(reader.report).toMatchObject({ badLines: 0, bytes: bytes.length, records: bodies.length });
      },
    ),
    { numRuns: 200 },
  );
});

test.each([
  ['{"level":30,"time":1,"msg":"x"}', 'a line of pino or another logger, not OTLP/JSON'],
  ['{"level":"info","message":"x"}', 'a line of winston or another logger, not OTLP/JSON'],
  ['{"levelno":20,"msg":"x"}', "a record of Python's logging, not OTLP/JSON"],
  ['{"a":1}', 'JSON without resourceLogs'],
  ['5', 'the request must be an object, got 5'],
])('%s is reported as what it is', (text, cause) => {
  expect(read(`${text}\n`).bad).toEqual([{ line: 1, cause }]);
});

describe('a directory and standard input', () => {
  const folder = mkdtempSync(join(tmpdir(), 'distlog-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('all files of log records in a directory are read, also rotated and compressed ones', async () => {
    const names = [
      'a.jsonl',
      'a.jsonl.1',
      'a.jsonl.2.gz',
      'a.jsonl-20261130',
      'a-2026-11-30T10-00-00.jsonl.gz',
      'b.json',
    ];
    for (const name of [...names, 'notes.txt']) {
      writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(`${one}\n`) : `${one}\n`);
    }
    const inputs = await inputsOf([folder]);
    expect(inputs.map(({ name }) => name.slice(folder.length + 1)).sort()).toEqual([...names].sort());
    for (const input of inputs) {
      const reader = new OtlpJsonReader();
      for await (const chunk of input.chunks()) for (const _ of reader.of(chunk));
      for (const _ of reader.rest());
      expect(reader.report).toMatchObject({ records: 1, badLines: 0 });
    }
  });

  test('gzip is recognised on standard input by its first bytes', () => {
    const program = join(__dirname, '../../dist/esm/cli/distlog.js');
    const lines = failedCheckout().map((each) => otlpLine(each));
    const plain = execFileSync(process.execPath, [program, 'tree'], {
      input: lines.join('\n'),
      encoding: 'utf8',
    });
    const zipped = execFileSync(process.execPath, [program, 'tree'], {
      input: gzipSync(lines.join('\n')),
      encoding: 'utf8',
    });
    expect(plain).toContain('checkout');
    expect(zipped).toBe(plain);
  });
});
