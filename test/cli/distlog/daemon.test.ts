import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolsOf } from '../../../src/cli/distlog/mcp/tools.ts';
import { DaemonSource } from '../../../src/reader/index.ts';
import { daemonsForEachTest } from '../../daemon/support/daemon-process.ts';
import { postJson } from '../../daemon/support/json-request.ts';
import { folderForEachTest } from '../../sinks/support/folder.ts';
import { otlpLine } from '../../tree/otlp-lines.ts';
import { failedCheckout, record, TaskStory, TRACE } from '../../tree/story.ts';
import { distlog } from './support.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

const quiet = new TaskStory('e000000000000001', 'quiet', { traceId: 'e'.repeat(32) })
  .start(9_000)
  .succeed(9_100, 0.1).records;
// The store orders records by receipt.
const records = [...failedCheckout(), ...quiet].sort(
  (one, other) => one.seconds - other.seconds || one.nanos - other.nanos,
);

async function running() {
  const config = join(folder(), 'distlogd.yaml');
  writeFileSync(
    config,
    `data: ./.distlogd
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks: { store: { type: store } }
http: { endpoint: "127.0.0.1:0" }
ownRecords: { severity: ERROR }
`,
  );
  const daemon = start(['-c', config]);
  const { otlpHttp, http } = await daemon.ready();
  const send = async (body: string) => {
    expect(await postJson(otlpHttp!, body)).toBe(200);
  };
  return { daemon, send, http: http! };
}

/** Runs `distlog` in the daemon's directory, whose socket it finds by itself. */
const here = (...args: string[]) => distlog(args, { directory: folder() });

/** Polls until the store has this many records. */
async function stored(count: number): Promise<void> {
  for (;;) {
    const { out, err } = await here('find', '--count');
    if (err.length > 0) throw new Error(err.join('\n'));
    if (out[0] === String(count)) return;
    await new Promise((next) => setTimeout(next, 20));
  }
}

test('every command reads a real distlogd over its socket as it reads a file', async () => {
  const { send, http } = await running();
  await send(otlpLine(...records));
  await stored(records.length);
  const file = join(folder(), 'records.jsonl');
  writeFileSync(file, records.map((each) => otlpLine(each)).join('\n'));
  for (const args of [
    ['tree', '--last-failed'],
    ['tree', TRACE, '--unfold', 'all'],
    ['tree', TRACE.slice(0, 9), '--json'],
    ['tree', '--failed'],
    ['tasks', '--failed'],
    ['tasks', '--slow', '400ms'],
    ['tasks', '--running'],
    ['tasks'],
  ]) {
    expect({ args, ...(await here(...args)) }).toEqual({ args, ...(await distlog([...args, file])) });
  }
  for (const args of [
    ['warehouse'],
    ['Sku', '--count'],
    ['', '--when', 'severity_number >= 13', '--limit', '3'],
  ]) {
    const [words = '', ...options] = args;
    const daemon = await here('find', words, ...options);
    const fromFile = await distlog(['find', words, file, ...options]);
    expect({ args, out: daemon.out }).toEqual({ args, out: fromFile.out });
  }
  expect((await here('bursts')).err).toEqual(['distlog: no burst']);
  expect((await here('find', 'x', '--when', 'severty_number > 1')).code).toBe(64);
  expect(
    (await here('find', 'checkout', '--daemon', `http://${http.replace(/^https?:\/\//, '')}`)).code,
  ).toBe(0);

  const source = new DaemonSource({
    name: 'd',
    url: new URL('http://localhost'),
    socketPath: join(folder(), '.distlogd', 'distlogd.sock'),
  });
  const why = toolsOf(source).find(({ name }) => name === 'why')!;
  expect(await why.call({}, new AbortController().signal)).toContain(
    'failing path: checkout › reserve stock › ask warehouse',
  );
});

test('tail shows the records that a real distlogd receives, and continues after its restart', async () => {
  const { daemon, send } = await running();
  const out: string[] = [];
  const err: string[] = [];
  let heard = () => {};
  let stop = () => {};
  const ran = distlog(['tail', '--when', 'severity_number >= 9', '--since', '1h'], {
    directory: folder(),
    lines: async (lines) => {
      out.push(...lines);
      heard();
    },
    err: (text) => {
      err.push(text);
      heard();
    },
    onSignal: (signal, handler) => {
      if (signal === 'SIGINT') stop = handler;
      return () => {};
    },
  });
  const until = async (has: () => boolean) => {
    while (!has()) {
      await new Promise<void>((done) => {
        heard = done;
      });
    }
  };
  const shows = (text: string) => until(() => out.some((line) => line.includes(text)));
  /** Retried, because the daemon may not listen yet. */
  const sentUntil = async (body: string, sending: typeof send) => {
    const timer = setInterval(
      () =>
        void sending(otlpLine(record({ body, traceId: '' }), record({ body: 'quiet', severity: 5 }))).catch(
          () => {},
        ),
      50,
    );
    await shows(body);
    clearInterval(timer);
  };
  await sentUntil('first', send);
  daemon.child.kill('SIGKILL');
  await daemon.exit;
  await until(() => err.some((text) => text.includes('closed the connection; reconnecting')));
  const again = await running();
  await sentUntil('second', again.send);
  expect(err.some((text) => text.includes('is back after'))).toBe(true);
  stop();
  expect((await ran).code).toBe(0);
  expect(out.join('\n')).not.toContain('quiet');
});
