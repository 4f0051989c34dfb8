import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reading, remarksOf } from '../operations/support/reading.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { bodiesOf } from '../store/support/records.ts';
import { daemonsForEachTest } from './support/daemon-process.ts';
import { sendBodies } from './support/json-request.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);
const BATCHES = 40;

function startWithStore() {
  const config = join(folder(), 'distlogd.yaml');
  writeFileSync(
    config,
    `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks: { store: { type: store } }
http: false
ownRecords: { severity: ERROR }
`,
  );
  return start(['-c', config]);
}

async function send(endpoint: string, body: string): Promise<boolean> {
  return (await sendBodies(endpoint, body).catch(() => undefined)) === 200;
}

/** Polls until the store has all of these. */
async function stored(socket: string, expected: readonly string[]): Promise<unknown[]> {
  for (;;) {
    const text = await (await Reading.get(socket, '/api/v1/records?order=oldest&limit=10000')).end();
    const bodies = bodiesOf(text);
    if (expected.every((body) => bodies.includes(body))) return bodies;
  }
}

test('what is acknowledged is stored exactly once and read over the socket, though the daemon is killed again and again', async () => {
  const socket = `unix:${join(folder(), 'data', 'distlogd.sock')}`;
  const acknowledged: string[] = [];
  for (let life = 0; life < 4; life += 1) {
    const daemon = startWithStore();
    const { otlpHttp } = await daemon.ready();
    const sent = Array.from({ length: BATCHES }, async (_, at) => {
      const body = `${life}-${at}`;
      if (await send(otlpHttp!, body)) acknowledged.push(body);
    });
    // Killed at another moment each time: while it receives, while it writes, when all is written.
    if (life === 1) await Promise.race(sent);
    else await Promise.all(sent);
    if (life === 2) await stored(socket, acknowledged);
    daemon.child.kill('SIGKILL');
    await daemon.exit;
    await Promise.all(sent);
  }
  const daemon = startWithStore();
  const { otlpHttp } = await daemon.ready();
  const tail = await Reading.get(socket, '/api/v1/tail');
  expect(await send(otlpHttp!, 'last')).toBe(true);
  await tail.until((text) => text.includes('last'));
  tail.stop();

  const bodies = await stored(socket, [...acknowledged, 'last']);
  expect(new Set(bodies).size).toBe(bodies.length);
  const found = await (await Reading.get(socket, '/api/v1/records?words=last')).end();
  expect(bodiesOf(found)).toEqual(['last']);
  expect(remarksOf(found)).toEqual([{ records: 1, more: false }]);
}, 60_000);
