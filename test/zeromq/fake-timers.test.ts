import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadEndpoint } from './support/deaf-peer.ts';
import { closeAll, newExporter, send } from './support/exporting.ts';

let folder: string;
let daemon: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
});
afterEach(async () => {
  jest.useRealTimers();
  await closeAll();
  if (daemon !== undefined) {
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    daemon = undefined;
  }
  rmSync(folder, { recursive: true, force: true });
});

test('under fake timers a batch is acknowledged, and forceFlush() and shutdown() resolve', async () => {
  daemon = fork(join(__dirname, 'programs/daemon.js'), ['tcp://127.0.0.1:0', join(folder, 'batches')], {
    execArgv: [],
  });
  const [endpoint] = (await once(daemon, 'message')) as [string];
  jest.useFakeTimers();
  const exporter = newExporter({ endpoint });
  const sent = send(exporter, 'one');
  await exporter.forceFlush();
  expect(await sent).toBeUndefined();
  await exporter.shutdown();
  expect(exporter.stats()).toMatchObject({ exported: 1, pending: 0 });
});

test.each(['ack', 'push'] as const)(
  'under fake timers both end within their bounds when nobody listens: %s',
  async (mode) => {
    const endpoint = await deadEndpoint();
    jest.useFakeTimers();
    const exporter = newExporter({
      endpoint,
      mode,
      flushTimeoutMillis: 20,
      shutdownTimeoutMillis: 20,
    });
    const sent = Promise.all(Array.from({ length: 5_000 }, (_, at) => send(exporter, `record ${at}`)));
    await exporter.forceFlush();
    await exporter.shutdown();
    await sent;
    expect(exporter.stats().pending).toBe(0);
  },
);
