import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listDeadLetters } from '../../src/sinks/dead-letters/index.ts';
import { type DaemonProcess, daemonsForEachTest } from '../daemon/support/daemon-process.ts';
import { sendBodies as send } from '../daemon/support/json-request.ts';
import { folderForEachTest } from './support/folder.ts';
import { bodiesIn } from './support/logs.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);
const preload = pathToFileURL(join(__dirname, 'programs', 'deadly-batch.js')).href;

function startDeadly(): DaemonProcess {
  const config = join(folder(), 'distlogd.yaml');
  writeFileSync(
    config,
    `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks:
  out: { type: file, path: out.jsonl }
  text: { type: file, path: out.log, format: text }
http: { endpoint: "127.0.0.1:0" }
`,
  );
  return start(['-c', config], { under: ['/usr/bin/env', `NODE_OPTIONS=--import ${preload}`] });
}

const written = () =>
  bodiesIn(readFileSync(join(folder(), 'out.jsonl'), 'utf8')).filter((body) => /^(?:kept|DEADLY)/.test(body));

async function lettersOf(sink: string) {
  const letters = [];
  for await (const letter of listDeadLetters(join(folder(), 'data', 'dead-letters', sink)))
    letters.push(letter);
  return letters;
}

test('a batch that ends the process whenever it is written becomes a dead letter, and the rest goes on by itself', async () => {
  const first = startDeadly();
  const { otlpHttp } = await first.ready();
  expect(await send(otlpHttp!, 'kept 1')).toBe(200);
  await send(otlpHttp!, 'DEADLY').catch(() => 0);
  await Promise.all(['kept 2', 'kept 3', 'kept 4'].map((body) => send(otlpHttp!, body).catch(() => 0)));
  expect(await first.exit).toEqual([null, 'SIGKILL']);

  // Like a service manager: restarts it whenever it has ended.
  let restarts = 1;
  let daemon = startDeadly();
  for (; restarts < 10; restarts += 1) {
    const ended = await Promise.race([
      daemon.exit,
      daemon.says('rejected (crashed)').then(() => undefined),
    ]).catch(() => daemon.exit);
    if (ended === undefined) break;
    daemon = startDeadly();
  }
  const { otlpHttp: again } = await daemon.ready();
  expect(await send(again!, 'kept 5')).toBe(200);
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);

  expect(restarts).toBe(3);
  expect(written()).toContain('kept 1');
  expect(written()).toContain('kept 5');
  expect(written()).not.toContain('DEADLY');
  expect(new Set(written()).size).toBe(written().length);
  expect(await lettersOf('out')).toMatchObject([{ cause: 'crashed', records: 1 }]);
  // The other sink was writing too when the process died, and nothing of it is rejected.
  expect(await lettersOf('text')).toEqual([]);
  expect(readFileSync(join(folder(), 'out.log'), 'utf8')).toContain(' DEADLY');
}, 60_000);
