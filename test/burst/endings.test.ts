import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startOtlpReceiver } from '../support/otlp-receiver.js';

const root = join(__dirname, '../..');

/** A program that logs through the built package, by OTLP/gRPC, to the endpoint in its environment. */
const program = (body: string) => `
import { writeSync } from 'node:fs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  BurstLogRecordProcessor, PriorityBatchLogRecordProcessor, RetryingLogRecordExporter, Severity
} from 'burstlog';
const burst = new BurstLogRecordProcessor({ exporter: new OTLPLogExporter() });
const provider = new LoggerProvider({ processors: [burst] });
const logger = provider.getLogger('child');
const log = (severity, body) => logger.emit({ severityNumber: Severity[severity], body });
const began = performance.now();
process.once('exit', () => writeSync(1, String(performance.now() - began)));
${body}
`;

function start(body: string, endpoint: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', program(body)], {
    cwd: root,
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** @returns how it ended, and how long its body took, without the start of the process */
async function run(body: string, endpoint: string): Promise<{ code: number | null; millis: number }> {
  const child = start(body, endpoint);
  let millis = '';
  child.stdout!.on('data', (text) => {
    millis += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, millis: Number.parseFloat(millis) };
}

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.stop());

const bodies = () => receiver.records.map((record) => record.body);

test('a program that shuts down its provider delivers loud and released records, and ends', async () => {
  const { code } = await run(
    `for (let count = 0; count < 1000; count += 1) log('DEBUG', 'debug ' + count);
     log('ERROR', 'failed');
     for (let count = 0; count < 50; count += 1) log('INFO', 'info ' + count);
     await provider.shutdown();`,
    receiver.url,
  );
  expect(code).toBe(0);
  expect(receiver.records).toHaveLength(1_000 + 1 + 50 + 1);
  expect(bodies()[0]).toBe('failed');
});

test('held records and waiting timers do not keep a program alive', async () => {
  const { code, millis } = await run(
    `for (let count = 0; count < 10; count += 1) log('DEBUG', 'held');
     burst.spanProcessor();`,
    receiver.url,
  );
  expect(code).toBe(0);
  expect(millis).toBeLessThan(5_000);
  expect(receiver.records).toEqual([]);
});

test('an ERROR starts the delivery in the next turn: it is exported before the program ends by itself', async () => {
  const { code } = await run(`log('DEBUG', 'debug'); log('ERROR', 'failed');`, receiver.url);
  expect(code).toBe(0);
  expect(bodies()).toEqual(expect.arrayContaining(['failed', 'debug']));
});

test('without a server, shutdown ends within its timeout and the program exits with code 0', async () => {
  const { url } = receiver;
  await receiver.stop();
  const { code } = await run(
    `const quick = new BurstLogRecordProcessor({ exporter: new OTLPLogExporter(), delivery: { shutdownTimeoutMillis: 500 } });
     const other = new LoggerProvider({ processors: [quick] });
     other.getLogger('x').emit({ severityNumber: Severity.ERROR, body: 'lost' });
     await other.shutdown();
     const { failed, pending } = quick.stats();
     if (failed.shutdown + failed.export !== 1 || pending !== 0) process.exitCode = 3;`,
    url,
  );
  expect(code).toBe(0);
});

test('SIGTERM with a shutdown in its handler loses no loud or released record', async () => {
  const child = start(
    `process.on('SIGTERM', () => provider.shutdown().then(() => process.exit(0)));
     for (let count = 0; count < 500; count += 1) log('DEBUG', 'debug ' + count);
     log('INFO', 'ready');
     setInterval(() => {}, 1000);
     process.once('SIGUSR2', () => { log('ERROR', 'failed'); process.kill(process.pid, 'SIGTERM'); });
     process.stdout.write('ready');`,
    receiver.url,
  );
  await once(child.stdout!, 'data');
  child.kill('SIGUSR2');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(receiver.records).toHaveLength(1 + 500 + 1 + 1);
});

test.each([
  ['of the burst', 'new BurstLogRecordProcessor({ exporter, flushTimeoutMillis: 300 })', 'made.forceFlush()'],
  [
    'of its provider',
    'new BurstLogRecordProcessor({ exporter, flushTimeoutMillis: 300 })',
    'ofMade.forceFlush()',
  ],
  ['with a bound', 'new BurstLogRecordProcessor({ exporter })', 'made.forceFlush({ timeoutMillis: 300 })'],
  [
    'with a wrapped processor',
    'new BurstLogRecordProcessor({ processor: { onEmit() {}, forceFlush: hang, shutdown: hang } })',
    'made.forceFlush({ timeoutMillis: 300 })',
  ],
  [
    'of the batch processor',
    'new PriorityBatchLogRecordProcessor({ exporter: new RetryingLogRecordExporter({ exporter }) })',
    'made.forceFlush({ timeoutMillis: 300 })',
  ],
  [
    'of the exporter that retries',
    'new PriorityBatchLogRecordProcessor({ exporter: retrying, scheduledDelayMillis: 0 })',
    'new Promise((resolve) => setTimeout(resolve, 100)).then(() => retrying.forceFlush({ timeoutMillis: 300 }))',
  ],
])('a script may end in a flush while nothing can be delivered: %s', async (_name, made, flush) => {
  // Only the flush keeps the process alive; otherwise Node would exit with code 13 during it.
  const { code, millis } = await run(
    `const hang = () => new Promise(() => {});
     const exporter = { export() {}, forceFlush: hang, shutdown: hang };
     const retrying = new RetryingLogRecordExporter({ exporter });
     const made = ${made};
     const ofMade = new LoggerProvider({ processors: [made] });
     ofMade.getLogger('x').emit({ severityNumber: Severity.ERROR, body: 'pending' });
     await ${flush};
     const { pending, delivered } = made.stats();
     if (pending + delivered !== 1) process.exitCode = 3;`,
    receiver.url,
  );
  expect(code).toBe(0);
  expect(millis).toBeLessThan(9_000);
});

test('a shutdown with an exporter that hangs keeps the program alive until its timeout, and no longer', async () => {
  const { code, millis } = await run(
    `const hang = () => new Promise(() => {});
     const exporter = { export() {}, forceFlush: hang, shutdown: hang };
     const made = new BurstLogRecordProcessor({ exporter, delivery: { shutdownTimeoutMillis: 300 } });
     new LoggerProvider({ processors: [made] }).getLogger('x').emit({ severityNumber: Severity.ERROR, body: 'lost' });
     await made.shutdown();
     if (made.stats().failed.shutdown !== 1) process.exitCode = 3;`,
    receiver.url,
  );
  expect(code).toBe(0);
  expect(millis).toBeLessThan(9_000);
});

test('a flush with the Collector down resolves, the error is pending, and the program exits with code 0', async () => {
  const { url } = receiver;
  await receiver.stop();
  const { code } = await run(
    `log('ERROR', 'pending');
     await burst.forceFlush({ timeoutMillis: 300 });
     if (burst.stats().pending !== 1) process.exitCode = 3;`,
    url,
  );
  expect(code).toBe(0);
});

test('a flush without a catch does not terminate a program whose Collector is down', async () => {
  const { url } = receiver;
  await receiver.stop();
  const { code } = await run(
    `const once = new BurstLogRecordProcessor({ exporter: new OTLPLogExporter(), delivery: { retry: false } });
     const other = new LoggerProvider({ processors: [once] });
     other.getLogger('x').emit({ severityNumber: Severity.ERROR, body: 'lost' });
     void other.forceFlush();
     await once.forceFlush();
     if (once.stats().failed.export !== 1) process.exitCode = 3;
     await other.shutdown();`,
    url,
  );
  expect(code).toBe(0);
});
