import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusReport } from '../../../src/operations/index.ts';
import { DaemonProcess, daemonsForEachTest, PROGRAM } from '../../daemon/support/daemon-process.ts';
import { sendBodies as send } from '../../daemon/support/json-request.ts';
import { folderForEachTest } from '../../sinks/support/folder.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

const config = `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks: { screen: { type: console } }
http: { endpoint: "127.0.0.1:0" }
`;

test('a daemon continues after the reader of its output has closed: `distlogd run | head -1`', async () => {
  writeFileSync(join(folder(), 'distlogd.yaml'), config);
  const daemon = start(['-c', 'distlogd.yaml']);
  const { otlpHttp, http } = await daemon.ready();
  daemon.child.stdout!.destroy();
  for (let dropped = 0; dropped === 0; ) {
    expect(await send(otlpHttp!, 'x')).toBe(200);
    const { sinks } = (await (await fetch(`${http}/status`)).json()) as StatusReport;
    dropped = sinks[0]!.dropped.output_closed!.records;
  }
  expect((await fetch(`${http}/healthz`)).status).toBe(200);
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
});

function hasNpx(): boolean {
  try {
    execFileSync('npx', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

(hasNpx() ? test : test.skip)('SIGTERM to npx ends the daemon that it started, and it drains', async () => {
  writeFileSync(join(folder(), 'package.json'), '{ "name": "app", "version": "1.0.0" }');
  writeFileSync(
    join(folder(), 'distlogd.yaml'),
    config.replace('type: console', 'type: file, path: out.jsonl'),
  );
  mkdirSync(join(folder(), 'node_modules/.bin'), { recursive: true });
  writeFileSync(
    join(folder(), 'node_modules/.bin/distlogd'),
    `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const npx = new DaemonProcess(['-c', 'distlogd.yaml'], {
    cwd: folder(),
    program: ['npx', '--no-install', 'distlogd'],
  });
  await npx.ready();
  const ended = once(npx.child, 'exit');
  npx.kill('SIGTERM');
  await ended;
  // Its output is closed when all holders have closed it, including the daemon.
  await npx.exit;
  expect(npx.said).toMatch(/the npx process that started it has ended; stopping\n(.*\n)*.* stopping\n$/);
});
