import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recoverBoxes } from '../../src/box/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.js';

const root = join(__dirname, '../..');

/** Both front ends, with the same names. */
const fronts = {
  processor: `
    const burst = new BurstLogRecordProcessor({ exporter, blackBox, delivery });
    const provider = new LoggerProvider({ processors: [burst], resource });`,
  provider: `
    const sdk = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })], resource });
    const burst = new BurstLoggerProvider({ provider: sdk, blackBox });
    const provider = burst;`,
};
type Front = keyof typeof fronts;
const bothFronts = Object.keys(fronts) as Front[];

/** A service with a black box. It prints `ready` when it holds ten records of an open trace, and one of another. */
const program = (body: string, front: Front, box: string, delivery: string) => `
import { context, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLoggerProvider, BurstLogRecordProcessor, installShutdownHooks, Severity } from 'burstlog';
import { inBox } from './test/box/programs/in-box.js';
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
diag.setLogger({ error: console.error, warn: console.error, info() {}, debug() {}, verbose() {} });
const directory = process.env.BOX_DIRECTORY;
const blackBox = { directory, bytes: 1024 * 1024, service: 'checkout', ${box} };
const resource = resourceFromAttributes({ 'service.name': 'checkout' });
const exporter = new OTLPLogExporter();
const delivery = { ${delivery} };
${fronts[front]}
const spans = burst.spanProcessor({ lingerMillis: 60_000 });
const log = (severity, body) => provider.getLogger('child').emit({ severityNumber: Severity[severity], body });
const span = (digit) => {
  const spanContext = { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags: 1 };
  return { name: 'x', kind: 0, attributes: {}, status: { code: 0 }, duration: [0, 1], spanContext: () => spanContext };
};
const inside = (span, work) => context.with(trace.setSpanContext(ROOT_CONTEXT, span.spanContext()), work);
const [open, ended] = [span('a'), span('b')];
/** Holds ten records of a trace that stays open, and three of one that ends well. */
const work = async () => {
  for (const one of [open, ended]) spans.onStart(one);
  inside(ended, () => { for (let count = 0; count < 3; count += 1) log('DEBUG', 'of a trace that ended well'); });
  await inBox(directory, 3);
  spans.onEnd(ended);
  inside(open, () => { for (let count = 0; count < 10; count += 1) log('DEBUG', 'held ' + count); });
  await inBox(directory, 10);
};
const ready = () => console.log('ready');
${body}
`;

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let directory: string;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  directory = mkdtempSync(join(tmpdir(), 'box-'));
});
afterEach(async () => {
  await receiver.stop();
  rmSync(directory, { recursive: true });
});

function start(
  body: string,
  { front = 'processor' as Front, flags = [] as string[], box = '', delivery = '' } = {},
): ChildProcess {
  return spawn(
    process.execPath,
    [...flags, '--input-type=module', '--eval', program(body, front, box, delivery)],
    {
      cwd: root,
      env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, BOX_DIRECTORY: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
}

/** Runs a program to its end. @returns what it wrote to standard error */
async function run(body: string, options: Parameters<typeof start>[1] = {}): Promise<string> {
  const child = start(body, options);
  let stderr = '';
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  await once(child, 'close');
  return stderr;
}

const bounds = { maxFiles: 20, maxTotalBytes: 2 ** 26, maxAgeMillis: 60_000 };

/** Returns the records that a recovery of the directory exports. */
async function recover() {
  let found: readonly ReadableLogRecordLike[] = [];
  const report = await recoverBoxes(
    directory,
    bounds,
    () => true,
    async (records) => {
      found = [...found, ...records];
      return 'exported';
    },
  );
  expect(report).toMatchObject({ recovered: 1, removed: 0 });
  expect(boxes()).toEqual([]);
  const manifest = found.at(-1)!;
  return { bodies: found.slice(0, -1).map(({ body }) => body), manifest, records: found };
}

const held = Array.from({ length: 10 }, (_, count) => `held ${count}`);
const boxes = () => readdirSync(directory);

test.each(bothFronts)(
  'after SIGKILL the next start exports what the %s held, and nothing of a trace that had ended well',
  async (front) => {
    const child = start('await work(); ready(); setInterval(() => {}, 1000);', { front });
    await once(child.stdout!, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    receiver.clear();
    const next = start('setInterval(() => {}, 1000);', { front });
    const records = await receiver.waitForRecords(11);
    next.kill('SIGKILL');
    await once(next, 'close');
    expect(records.slice(0, 10).map(({ body }) => body)).toEqual(held);
    const manifest = records[10]!;
    expect(manifest).toMatchObject({ eventName: 'burst.released', severityText: 'ERROR' });
    const id = manifest.attributes['burst.id'];
    expect(manifest.attributes).toMatchObject({
      'burst.trigger': 'crash',
      'burst.reason': 'killed',
      'burst.recovered': true,
      'burst.released': 10,
    });
    expect(manifest.body).toContain('up to 10 ms of records may be missing');
    expect(records[3]).toMatchObject({
      traceId: 'a'.repeat(32),
      ...(front === 'processor'
        ? { resource: { attributes: { 'service.name': 'checkout', 'process.pid': child.pid } } }
        : { resource: { attributes: { 'service.name': 'checkout' } } }),
      attributes: {
        ...(front === 'provider' ? { 'process.pid': child.pid } : {}),
        'burst.id': id,
        'burst.sequence': 4,
        'burst.recovered': true,
      },
    });
  },
);

const failures = [
  ['exit(1)', 'await work(); process.exit(1);', 'exit code 1', 0],
  [
    'an uncaught exception',
    `await work(); setTimeout(() => { throw new RangeError('too far'); });`,
    'uncaught exception: RangeError: too far; exit code 1',
    0,
  ],
  [
    'a record of the same turn',
    `await work(); inside(open, () => log('DEBUG', 'the last one')); process.exit(3);`,
    'exit code 3',
    1,
  ],
] as const;

test.each(failures.flatMap((failure) => bothFronts.map((front) => [...failure, front] as const)))(
  '%s: nothing is missing, and the last words are there (%#)',
  async (_, body, reason, more, front) => {
    await run(body, { front });
    const { bodies, manifest, records } = await recover();
    expect(bodies).toEqual(more === 0 ? held : [...held, 'the last one']);
    expect(manifest.attributes).toMatchObject({ 'burst.reason': reason });
    expect(records[0]).toMatchObject({
      severityText: undefined,
      instrumentationScope: { name: 'child' },
      resource: { attributes: { 'service.name': 'checkout' } },
      spanContext: { traceId: 'a'.repeat(32) },
    });
  },
);

test('out of memory: what was held is there, with the heap as it was', async () => {
  await run(
    `await work(); const all = []; setInterval(() => { for (let i = 0; i < 3e5; i += 1) all.push({ i }); }, 20);`,
    { flags: ['--max-old-space-size=60'] },
  );
  const { bodies, manifest } = await recover();
  expect(bodies).toEqual(held);
  expect(manifest.attributes).toMatchObject({ 'burst.reason': 'killed' });
});

test('what is loud and not delivered yet is there, once; what was delivered is not', async () => {
  const child = start(
    `log('INFO', 'delivered'); await provider.forceFlush(); log('INFO', 'late'); log('INFO', 'later');
    await inBox(directory, 2); ready(); setInterval(() => {}, 1000);`,
    // However long it takes until it is killed.
    { delivery: 'scheduledDelayMillis: 3_600_000' },
  );
  await once(child.stdout!, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(receiver.records.map(({ body }) => body)).toEqual(['delivered']);
  const { bodies } = await recover();
  expect(bodies).toEqual(['late', 'later']);
});

test('what a burst had released and could not deliver is there with the id of that burst', async () => {
  receiver.respond(() => ({ code: 14 }));
  const child = start(`await work(); inside(open, () => log('ERROR', 'failed'));
    await inBox(directory, 12); ready(); setInterval(() => {}, 1000);`);
  await once(child.stdout!, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
  receiver.respond();
  const { records, bodies } = await recover();
  expect(bodies).toEqual([...held, 'failed', expect.stringContaining('released')]);
  const ids = new Set(records.slice(0, 12).map(({ attributes }) => attributes['burst.id']));
  expect(ids.size).toBe(1);
});

test('a clean end leaves no file: after shutdown(), and at a natural end with everything delivered', async () => {
  const ends = [
    'await work(); await provider.shutdown();',
    `await work(); log('INFO', 'x'); await provider.forceFlush();`,
    'await work(); installShutdownHooks([burst, provider]);',
  ];
  expect(await Promise.all(ends.map((body) => run(body)))).toEqual(['', '', '']);
  // The watcher's worker does not keep the process alive either.
  expect(await Promise.all(ends.map((body) => run(body, { box: 'watch: true' })))).toEqual(['', '', '']);
  expect(boxes()).toEqual([]);
});

test('where the file cannot have its size, the process continues without a box, logs a warning, and leaves no file', async () => {
  const limited = spawn(
    'bash',
    [
      '-c',
      'ulimit -f 512; exec "$0" --input-type=module --eval "$1"',
      process.execPath,
      program(`log('INFO', 'loud'); await provider.shutdown();`, 'processor', '', ''),
    ],
    {
      cwd: root,
      env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, BOX_DIRECTORY: directory },
    },
  );
  let stderr = '';
  limited.stderr!.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(limited, 'close');
  expect(code).toBe(0);
  expect(stderr).toMatch(/cannot create a black box in .*EFBIG.*; the process runs without one/);
  expect(receiver.records.map(({ body }) => body)).toEqual(['loud']);
  expect(boxes()).toEqual([]);
});

test('without a directory that can be written to, the process continues, and logs a warning', async () => {
  directory = join(directory, 'file');
  rmSync(directory, { force: true });
  writeFileSync(directory, '');
  const stderr = await run(`log('INFO', 'loud'); await provider.shutdown();`);
  expect(stderr).toMatch(/cannot create a black box in .*(EEXIST|ENOTDIR).*; the process runs without one/);
  expect(receiver.records.map(({ body }) => body)).toEqual(['loud']);
  directory = join(directory, '..');
});
