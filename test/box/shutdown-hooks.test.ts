import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startOtlpReceiver } from '../support/otlp-receiver.js';

const root = join(__dirname, '../..');
const signalExit = createRequire(__filename).resolve('signal-exit');

/** Holds ten records of an open trace and three of one that has ended, and has one INFO to export. */
const program = (body: string, before = '') => `
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, installShutdownHooks, Severity } from 'burstlog';
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
${before}
// Nothing is exported before the end, however long that takes.
const delivery = { scheduledDelayMillis: 3_600_000 };
const burst = new BurstLogRecordProcessor({ exporter: new OTLPLogExporter(), delivery });
const provider = new LoggerProvider({ processors: [burst] });
const remove = installShutdownHooks([burst, provider], { timeoutMillis: 60_000 });
const spans = burst.spanProcessor();
const log = (severity, body) => provider.getLogger('child').emit({ severityNumber: Severity[severity], body });
const span = (digit) => {
  const spanContext = { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags: 1 };
  return { name: 'x', kind: 0, attributes: {}, status: { code: 0 }, duration: [0, 1], spanContext: () => spanContext };
};
const inside = (span, work) => context.with(trace.setSpanContext(ROOT_CONTEXT, span.spanContext()), work);
const [open, ended] = [span('a'), span('b')];
for (const one of [open, ended]) spans.onStart(one);
inside(ended, () => { for (let count = 0; count < 3; count += 1) log('DEBUG', 'of a trace that ended well'); });
spans.onEnd(ended);
inside(open, () => { for (let count = 0; count < 10; count += 1) log('DEBUG', 'held ' + count); });
log('INFO', 'loud');
${body}
`;

function start(text: string, endpoint: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '--eval', text], {
    cwd: root,
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function end(child: ChildProcess) {
  let stderr = '';
  child.stderr!.on('data', (text) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, stderr };
}

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(() => receiver.stop());

const bodies = () => receiver.records.map((record) => String(record.body));
const held = Array.from({ length: 10 }, (_, count) => `held ${count}`);
const manifest = (released: number) => expect.stringContaining(`${released} record`);

test('at its natural end a program exports what is loud, and discards what is held', async () => {
  const { code } = await end(start(program('process.exitCode = 4;'), receiver.url));
  expect(code).toBe(4);
  expect(bodies()).toEqual(['loud']);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: what is loud is exported, and the signal ends the process',
  async (name) => {
    const child = start(program(`setInterval(() => {}, 1000); console.log('ready');`), receiver.url);
    await once(child.stdout!, 'data');
    child.kill(name);
    const { code, signal } = await end(child);
    expect({ code, signal }).toEqual({ code: null, signal: name });
    expect(bodies()).toEqual(['loud']);
  },
);

test.each([
  ['an uncaught exception', `setTimeout(() => { throw new RangeError('too far'); })`, 'uncaught exception'],
  ['an unhandled rejection', `void Promise.reject(new RangeError('too far'))`, 'unhandled rejection'],
])(
  "%s: what is held is released, but for traces that ended well; Node's exit code",
  async (_, body, words) => {
    const { code, stderr } = await end(start(program(body), receiver.url));
    expect(code).toBe(1);
    expect(stderr).toMatch(/RangeError: too far\n {4}at /);
    expect(bodies()).toEqual(expect.arrayContaining(['loud', ...held, `${words}: too far`]));
    expect(bodies()).toHaveLength(1 + 10 + 1 + 1);
    const fatal = receiver.records.find(({ body }) => body === `${words}: too far`)!;
    expect(fatal.attributes).toMatchObject({ 'exception.type': 'RangeError' });
    const last = receiver.records.find(({ eventName }) => eventName === 'burst.released')!;
    expect(last.attributes).toMatchObject({
      'burst.trigger': 'crash',
      'burst.released': 10,
      'burst.reason': `${words}: RangeError: too far`,
    });
    expect(last.body).toEqual(manifest(10));
  },
);

test('an exception that the application handles ends nothing, and what is loud is exported', async () => {
  const child = start(
    program(`process.on('uncaughtException', () => setTimeout(() => { log('INFO', 'handled'); }, 10));
             setTimeout(() => { throw new Error('handled'); });`),
    receiver.url,
  );
  expect(await end(child)).toMatchObject({ code: 0, stderr: '' });
  expect(bodies()).toEqual(['loud', 'handled']);
});

test('a signal that the application handles ends nothing', async () => {
  const child = start(
    program(`process.on('SIGTERM', () => setTimeout(() => { log('INFO', 'handled'); clearInterval(timer); }, 10));
             const timer = setInterval(() => {}, 1000); console.log('ready');`),
    receiver.url,
  );
  await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  expect(await end(child)).toMatchObject({ code: 0, signal: null });
  expect(bodies()).toEqual(['loud', 'handled']);
});

test('signal-exit, which only watches, does not count as a handler', async () => {
  const child = start(
    program(
      `setInterval(() => {}, 1000); console.log('ready');`,
      `import { createRequire } from 'node:module';
       createRequire('${root}/')('${signalExit}')(() => {});`,
    ),
    receiver.url,
  );
  await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  expect(await end(child)).toMatchObject({ signal: 'SIGTERM' });
  expect(bodies()).toEqual(['loud']);
});

test('while it waits for an export a second signal ends the process', async () => {
  receiver.respond(() => 'never');
  const child = start(program(`setInterval(() => {}, 1000); console.log('ready');`), receiver.url);
  const ended = end(child);
  await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  // The first has arrived: it is what exports.
  await receiver.waitForRequests(1);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ signal: 'SIGTERM' });
});

test.each([
  ['natural end', '', { code: null, signal: 'SIGTERM' }],
  ['crash', "setImmediate(() => { throw new Error('too far'); });", { code: 1, signal: null }],
])('a first signal that comes during a %s does not cut off the export', async (_ending, ending, expected) => {
  const child = start(
    `import { installShutdownHooks } from 'burstlog';
     const shutdown = async () => {
       process.kill(process.pid, 'SIGTERM');
       // The signal arrives in one of the next turns of the event loop.
       for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
       process.stderr.write('exported');
     };
     installShutdownHooks({ forceFlush: async () => {}, shutdown }, { timeoutMillis: 60_000 });
     ${ending}`,
    receiver.url,
  );
  const { stderr, ...ended } = await end(child);
  expect(stderr).toContain('exported');
  expect(ended).toEqual(expected);
});
