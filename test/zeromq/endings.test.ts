import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the application to its end. @returns how long that took and how it ended */
async function run(mode: string, endpoint: string, ending: string) {
  const child = fork(join(__dirname, 'programs/client.js'), [mode, endpoint, ending], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  child.channel?.unref();
  const startedAt = performance.now();
  const guard = setTimeout(() => child.kill('SIGKILL'), 8_000);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(guard);
  return { code, signal, millis: performance.now() - startedAt };
}

const expected: Record<string, { code: number | null; signal: string | null }> = {
  natural: { code: 0, signal: null },
  exit: { code: 0, signal: null },
  throw: { code: 1, signal: null },
  shutdown: { code: 0, signal: null },
  flush: { code: 0, signal: null },
  'awaited flush': { code: 0, signal: null },
  sigterm: { code: null, signal: 'SIGTERM' },
};

const endings = ['natural', 'exit', 'throw', 'shutdown', 'flush', 'awaited flush', 'sigterm'];

describe.each(['ack', 'push'])('in mode %s an application ends at once, whatever it left', (mode) => {
  test.each(endings)('with nobody listening: %s', async (ending) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const { millis, ...end } = await run(mode, `tcp://127.0.0.1:${port}`, ending);
    expect(end).toEqual(expected[ending]);
    expect(millis).toBeLessThan(6_000);
  });

  test.each(endings)('with a daemon that is stopped: %s', async (ending) => {
    const daemon = fork(
      join(__dirname, 'programs/daemon.js'),
      ['tcp://127.0.0.1:0', join(folder, `${mode}-${ending}`)],
      { execArgv: [] },
    );
    const [endpoint] = (await once(daemon, 'message')) as [string];
    daemon.kill('SIGSTOP');
    const { millis, ...end } = await run(mode, endpoint, ending);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    expect(end).toEqual(expected[ending]);
    expect(millis).toBeLessThan(6_000);
  });
});
