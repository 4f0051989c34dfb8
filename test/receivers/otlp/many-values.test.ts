import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Context, Push } from 'zeromq';
import { daemonsForEachTest } from '../../daemon/support/daemon-process.ts';
import { jsonRequest } from '../../daemon/support/json-request.ts';
import { folderForEachTest } from '../../sinks/support/folder.ts';
import { bodiesIn } from '../../sinks/support/logs.ts';
import { field } from '../../support/protobuf.ts';
import { call } from './support/grpc.ts';
import { ask, JSON_TYPE, PROTOBUF } from './support/http.ts';

/** A heap that such a batch would fill many times. */
const SMALL_HEAP = ['env', 'NODE_OPTIONS=--max-old-space-size=192'];
const EMPTY_ATTRIBUTE = 0x32;
const EMPTY_ENTRY = 0x0a;
const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

/** This many empty messages of two bytes each. */
function empty(tag: number, count: number): Buffer {
  return Buffer.alloc(2 * count, Uint8Array.of(tag, 0));
}

/** A request of one record. */
function request(record: Uint8Array, resource: Uint8Array = Buffer.alloc(0)): Buffer {
  return field(1, field(1, resource), field(2, field(2, record)));
}

const batches: readonly (readonly [name: string, make: () => Buffer])[] = [
  ['31 million empty attributes', () => request(empty(EMPTY_ATTRIBUTE, 31_000_000))],
  ['2 million empty attributes', () => request(empty(EMPTY_ATTRIBUTE, 2_000_000))],
  ['a map of 31 million empty members', () => request(field(5, field(6, empty(EMPTY_ENTRY, 31_000_000))))],
  ['a list of 31 million empty values', () => request(field(5, field(5, empty(EMPTY_ENTRY, 31_000_000))))],
  [
    'a resource of 31 million empty attributes',
    () => request(Buffer.alloc(0), empty(EMPTY_ENTRY, 31_000_000)),
  ],
  ['31 million empty records', () => field(1, field(2, empty(0x12, 31_000_000)))],
];

async function running() {
  const file = join(folder(), 'distlogd.yaml');
  writeFileSync(
    file,
    `data: ./data
receivers:
  otlpHttp: { endpoint: "127.0.0.1:0" }
  otlpGrpc: { endpoint: "127.0.0.1:0" }
  zmqPush: { endpoint: "tcp://127.0.0.1:*" }
sinks: { out: { type: file, path: out.jsonl } }
http: { endpoint: "127.0.0.1:0" }
`,
  );
  const daemon = start(['-c', file], { under: SMALL_HEAP });
  return { daemon, at: await daemon.ready() };
}

/** Sends a last record, ends the daemon, and reads what it wrote. */
async function after(daemon: ReturnType<typeof start>, otlpHttp: string): Promise<readonly string[]> {
  expect((await ask(otlpHttp, { headers: JSON_TYPE, body: jsonRequest('the next') })).status).toBe(200);
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  return bodiesIn(readFileSync(join(folder(), 'out.jsonl'), 'utf8'));
}

test('a daemon with a small heap refuses each of these batches and continues', async () => {
  const { daemon, at } = await running();
  for (const [name, make] of batches) {
    const { status } = await ask(at.otlpHttp!, {
      headers: { ...PROTOBUF, 'content-encoding': 'gzip' },
      body: gzipSync(make(), { level: 1 }),
    });

    expect([name, status]).toEqual([name, 413]);
    const { status: taken } = await ask(at.otlpHttp!, { headers: JSON_TYPE, body: jsonRequest(name) });
    expect([name, taken]).toEqual([name, 200]);
  }
  const sent = [...batches.map(([name]) => name), 'the next'];
  const written = await after(daemon, at.otlpHttp!);
  expect(written.filter((body) => sent.includes(body))).toEqual(sent);
});

test('the same over gRPC and push: refused, counted, and the daemon continues', async () => {
  const { daemon, at } = await running();

  const answer = await call(at.otlpGrpc!.replace('http://', ''), request(empty(EMPTY_ATTRIBUTE, 4_000_000)));

  expect(answer).toMatchObject({ code: 8, message: expect.stringContaining('too large') });
  const context = new Context({ blocky: false });
  const push = new Push({ context, linger: 0 });
  push.connect(at.zmqPush!);
  await push.send(['TLO', request(empty(EMPTY_ATTRIBUTE, 1_900_000))]);
  await push.send(['TLJ', `{"name":"n","message":"m","args":[${'[],'.repeat(1_300_000)}0]}`]);
  await daemonCounts(
    at.http!,
    'distlogd_receiver_dropped_records_total{receiver="zmqPush",cause="too_large"} 2',
  );
  push.close();
  expect(await after(daemon, at.otlpHttp!)).toContain('the next');
});

/** Waits until the metrics have this value. */
async function daemonCounts(http: string, line: string): Promise<void> {
  for (;;) {
    const page = await (await fetch(`${http}/metrics`)).text();
    if (page.includes(line)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
