import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { bodiesOf, program, recordsIn, runNode } from './support/run-app.ts';

const STDOUT = { BURSTLOG_EXPORTER: 'stdout' };
/** What the failed request of the shop leaves, beside the INFO of the other one. */
const STORY = [
  'bad: amount is 42',
  'bad: card is checked',
  'bad: card was declined',
  'bad: order received',
  'burst released 2 records (severity), 0 lost',
  'good: order received',
];

describe('an application that knows nothing of burstlog exports the story of its failed request', () => {
  test.each([
    ['--import', 'shop.mjs'],
    ['--import', 'shop.cjs'],
    ['--require', 'shop.cjs'],
  ])('%s burstlog/register %s', async (option, app) => {
    const { code, stdout, stderr } = await runNode([option, 'burstlog/register', program(app)], STDOUT);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const records = recordsIn(stdout);
    expect(bodiesOf(records).sort()).toEqual(STORY);
    const ofBurst = records.filter(({ body }) => body?.stringValue?.startsWith('bad'));
    expect(new Set(ofBurst.map(({ traceId }) => traceId)).size).toBe(1);
  });
});

test('records reach an OTLP receiver, with the name of the service', async () => {
  const receiver = await startOtlpReceiver();
  try {
    const { stderr, code } = await runNode(['--import', 'burstlog/register', program('shop.cjs')], {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_SERVICE_NAME: 'shop',
    });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(receiver.records.map(({ body }) => body).sort()).toEqual(STORY);
    expect(receiver.records[0]).toMatchObject({ resource: { attributes: { 'service.name': 'shop' } } });
  } finally {
    await receiver.stop();
  }
});

test('wrong settings are reported with the known ones, and the application starts', async () => {
  const { code, stdout, stderr } = await runNode(['--import', 'burstlog/register', program('shop.cjs')], {
    ...STDOUT,
    BURSTLOG_EMIT_LEVEL: 'LOUD',
    BURSTLOG_BURSTLEVEL: 'WARN',
    OTEL_PROPAGATORS: 'tracecontext,b4',
    OTEL_TRACES_SAMPLER: 'sometimes',
  });
  expect(code).toBe(0);
  expect(bodiesOf(recordsIn(stdout)).sort()).toEqual(STORY);
  expect(stderr.trim().split('\n').sort()).toEqual([
    '[otel warn] burstlog: BURSTLOG_BURSTLEVEL is not known; did you mean BURSTLOG_BURST_LEVEL?',
    '[otel warn] burstlog: BURSTLOG_EMIT_LEVEL must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL, got "LOUD"; it is ignored',
    '[otel warn] burstlog: OTEL_PROPAGATORS must be a list of tracecontext, baggage, b3, b3multi, jaeger or none, got "b4"; it is ignored',
    expect.stringContaining('burstlog: OTEL_TRACES_SAMPLER must be always_on,'),
  ]);
});

test('SIGTERM ends the process once everything is delivered', async () => {
  const ended = await runNode(
    ['--import', 'burstlog/register', program('waits.cjs')],
    STDOUT,
    (child, stdout) => {
      // Once: a second signal ends it at once.
      if (stdout.includes('ready') && !child.killed) child.kill('SIGTERM');
    },
  );
  expect(ended).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  expect(bodiesOf(recordsIn(ended.stdout)).sort()).toEqual([
    'burst released 1 record (severity), 0 lost',
    'it failed',
    'what led to it',
  ]);
});

test('a crash exports what led to it, and the process ends as Node ends it', async () => {
  const { code, stdout, stderr } = await runNode(
    ['--import', 'burstlog/register', program('crashes.cjs')],
    STDOUT,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('nobody expected this');
  expect(bodiesOf(recordsIn(stdout)).sort()).toEqual([
    expect.stringContaining('burst released 1 record (crash'),
    expect.stringContaining(': nobody expected this'),
    'what led to it',
  ]);
});

test('with a black box, the next start exports what a killed process held', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'burstlog-setup-'));
  const app = ['--import', 'burstlog/register', program('waits.cjs')];
  const environment = { ...STDOUT, BURSTLOG_BLACK_BOX: directory, BURSTLOG_BURST_LEVEL: 'FATAL' };
  try {
    const killed = await runNode(app, environment, (child) => {
      if (filesHold(directory, 'what led to it')) child.kill('SIGKILL');
    });
    expect(killed.stdout).not.toContain('what led to it');
    const next = await runNode(app, environment, (child, stdout) => {
      if (stdout.includes('what led to it') && !child.killed) child.kill('SIGTERM');
    });
    expect(bodiesOf(recordsIn(next.stdout))).toContain('what led to it');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('without one, the fallback has what process.exit(1) kept from being exported', async () => {
  const { code, stderr } = await runNode(['--import', 'burstlog/register', program('exits.cjs')], {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    BURSTLOG_FALLBACK: 'stderr',
  });
  expect(code).toBe(1);
  const records = recordsIn(stderr);
  expect(bodiesOf(records).sort()).toEqual([
    'burst released 1 record (crash), 0 lost',
    'it goes wrong',
    'what led to it',
  ]);
  expect(records.find(({ body }) => body?.stringValue === 'what led to it')?.attributes).toContainEqual({
    key: 'burst.sequence',
    value: { intValue: '1' },
  });
});

function filesHold(directory: string, text: string): boolean {
  return readdirSync(directory).some((name) => readFileSync(join(directory, name)).includes(text));
}
