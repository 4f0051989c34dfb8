import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deadEndpoint } from './support/deaf-peer.ts';

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Runs the application until it exits. @returns how long that took from the start of its ending, and how it
 * ended
 */
async function run(mode: string, endpoint: string, ending: string) {
  const child = fork(join(__dirname, 'programs/client.js'), [mode, endpoint, ending], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  child.channel?.unref();
  let endsAt = performance.now();
  child.once('message', () => {
    endsAt = performance.now();
  });
  const guard = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(guard);
  return { code, signal, millis: performance.now() - endsAt };
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

/** Ends applications in every way, four at a time. @returns how each ended */
async function runAll(mode: string, endpoint: string) {
  const left = Object.keys(expected);
  const results: Record<string, { code: number | null; signal: string | null; isSoon: boolean }> = {};
  const lane = async () => {
    for (let ending = left.shift(); ending !== undefined; ending = left.shift()) {
      const { millis, ...end } = await run(mode, endpoint, ending);
      results[ending] = { ...end, isSoon: millis < 6_000 };
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return results;
}

const allSoon = Object.fromEntries(
  Object.entries(expected).map(([ending, end]) => [ending, { ...end, isSoon: true }]),
);

describe.each(['ack', 'push'])('in mode %s an application ends soon, however it ends', (mode) => {
  test('with no server', async () => {
    expect(await runAll(mode, await deadEndpoint())).toEqual(allSoon);
  });

  test('with a daemon that is stopped', async () => {
    const daemon = fork(join(__dirname, 'programs/daemon.js'), ['tcp://127.0.0.1:0', join(folder, mode)], {
      execArgv: [],
    });
    const [endpoint] = (await once(daemon, 'message')) as [string];
    daemon.kill('SIGSTOP');
    const ends = await runAll(mode, endpoint);
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    expect(ends).toEqual(allSoon);
  });
});
