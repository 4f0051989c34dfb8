import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { daemonsForEachTest } from '../daemon/support/daemon-process.ts';
import { jsonRequest } from '../daemon/support/json-request.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { bodiesIn } from '../sinks/support/logs.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

function configOf(parts: Record<string, unknown>): string {
  const file = join(folder(), 'distlogd.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      data: './data',
      receivers: { otlpHttp: { endpoint: '127.0.0.1:0' } },
      sinks: { out: { type: 'file', path: 'out.jsonl' } },
      http: { endpoint: '127.0.0.1:0' },
      ...parts,
    }),
  );
  return file;
}

/** One kept-alive connection: a new one might find no descriptor. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => agent.destroy());

function post(endpoint: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(`${endpoint}/v1/logs`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode!));
    });
    sent.once('error', reject).end(jsonRequest(body));
  });
}

const written = () =>
  bodiesIn(readFileSync(join(folder(), 'out.jsonl'), 'utf8'))
    .filter((body) => body.startsWith('record'))
    .map((body) => body.split(' ', 2).join(' '));

/** Runs the daemon with a limit for open files. */
const withFiles = (count: number) => ['/bin/sh', '-c', `ulimit -n ${count}; exec "$@"`, 'sh'];

test('without a file descriptor for the next segment nothing is accepted; the daemon keeps running, and continues when there is one', async () => {
  const config = configOf({ journal: { segmentBytes: '1MiB' } });
  const daemon = start(['-c', config], { under: withFiles(100) });
  const { otlpHttp } = await daemon.ready();
  const filler = 'x'.repeat(250_000);
  const acknowledged: string[] = [];
  expect(await post(otlpHttp!, `record 0 ${filler}`)).toBe(200);
  acknowledged.push('record 0');

  const idle: Socket[] = [];
  const port = Number(/:(\d+)$/.exec(otlpHttp!)![1]);
  const takeDescriptors = async (count: number) => {
    for (let each = 0; each < count; each += 1) {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      idle.push(socket);
      await new Promise<unknown>((resolve) => socket.once('connect', resolve).once('close', resolve));
    }
  };
  await takeDescriptors(100);
  let status = 200;
  for (let number = 1; status === 200 && number < 100; number += 1) {
    // The daemon may have closed a file in the meantime.
    await takeDescriptors(3);
    status = await post(otlpHttp!, `record ${number} ${filler}`);
    if (status === 200) acknowledged.push(`record ${number}`);
  }
  expect(status).toBe(503);
  await daemon.says('no file descriptor');

  for (const socket of idle) socket.destroy();
  while (status !== 200) status = await post(otlpHttp!, 'record last').catch(() => 0);
  acknowledged.push('record last');
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  expect(written()).toEqual(acknowledged);
});

test('a start without file descriptors is reported in one line', async () => {
  // Node 20 needs more descriptors than later versions to load a program.
  const count = Number(process.versions.node.split('.')[0]) < 22 ? 40 : 24;
  const daemon = start([], { under: withFiles(count) });
  const [code] = (await daemon.exit) as [number, null];
  expect([1, 73]).toContain(code);
  // While the program is loaded, or later: how many files are open at once depends on the machine.
  const hint = /(?:; raise the limit of open files \(ulimit -n\))?/.source;
  expect(daemon.said).toMatch(
    new RegExp(`^distlogd: .*EMFILE: too many open files.*; not started${hint}\n$`),
  );
});

test('a truncated tail does not block: intake opens again, even with onFull: block', async () => {
  const partsOf = (bounds: object) => ({
    sinks: { out: { type: 'file', path: 'out.jsonl', ...bounds } },
    ownRecords: { severity: 'FATAL' },
  });
  // The sink cannot open its file, so it has nothing yet.
  mkdirSync(join(folder(), 'out.jsonl'));
  const first = start(['-c', configOf(partsOf({}))]);
  const { otlpHttp } = await first.ready();
  expect(await post(otlpHttp!, 'record 1')).toBe(200);
  expect(await post(otlpHttp!, 'record 2')).toBe(200);
  first.kill('SIGKILL');
  await first.exit;
  rmdirSync(join(folder(), 'out.jsonl'));
  // The page with the end of the last group was never written to disk.
  const journal = join(folder(), 'data', 'journal');
  const segment = join(journal, readdirSync(journal).find((name) => name.endsWith('.segment'))!);
  const bytes = readFileSync(segment);
  writeFileSync(segment, bytes.fill(0, bytes.length - 10));

  const second = start(['-c', configOf(partsOf({ maxBehind: { age: '1s' }, onFull: 'block' }))]);
  const { otlpHttp: again, http } = await second.ready();
  const behind = async () => {
    const {
      sinks: [sink],
    } = (await (await fetch(`${http}/status`)).json()) as {
      sinks: { behind: { batches: number; ageMillis: number } }[];
    };
    return sink!.behind;
  };
  while ((await behind()).batches > 0) await new Promise(setImmediate);
  expect(await post(again!, 'record 3')).toBe(200);
  second.kill('SIGTERM');
  expect(await second.exit).toEqual([0, null]);
  expect(written()).toEqual(['record 1', 'record 3']);
  expect(second.said).not.toMatch(/has lost/);
});
