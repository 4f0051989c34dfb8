import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from '../../src/daemon/index.ts';
import { decodeJsonLogs } from '../../src/otlp/index.ts';
import { Reading } from '../operations/support/reading.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { bodiesOf } from '../store/support/records.ts';
import { daemonsForEachTest } from './support/daemon-process.ts';
import { sendBodies } from './support/json-request.ts';
import { loadedConfig } from './support/loaded-config.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

/** Two files, and what rules say about them. */
function config(rules: string, ownRecords = '{ severity: FATAL, console: false }'): string {
  return `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks:
  all: { type: file, path: all.jsonl }
  few: { type: file, path: few.jsonl }
http: { endpoint: "127.0.0.1:0" }
ownRecords: ${ownRecords}
${rules}
`;
}

async function send(endpoint: string, ...bodies: readonly string[]): Promise<void> {
  expect(await sendBodies(endpoint, ...bodies)).toBe(200);
}

/** The records of others than the daemon, in the order of the file. */
function written(name: string): unknown[] {
  const path = join(folder(), name);
  if (!existsSync(path)) return [];
  // The sink may be in the middle of the last line.
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => decodeJsonLogs(line).resources)
    .flatMap(({ scopes }) => scopes)
    .filter((scope) => scope.name !== 'distlogd')
    .flatMap(({ records }) => records.map(({ body }) => body));
}

/** Rules apply to records that are written after a reload, including earlier ones in the journal. */
async function untilWritten(name: string, count: number): Promise<void> {
  while (written(name).length < count) await new Promise((done) => setTimeout(done, 10));
}

async function withDaemon(rules: string, work: (daemon: Daemon) => Promise<void>): Promise<void> {
  const daemon = await Daemon.start(await loadedConfig(config(rules), folder()), { version: '1.2.3' });
  try {
    await work(daemon);
  } finally {
    await daemon.stop();
  }
}

test('each sink gets what the rules send it, and what they keep from it is counted by rule', async () => {
  const rules = `rules:
  health: { when: 'body == "health"', drop: true }
  errors: { when: 'IsMatch(body, "^error")', sinks: [few] }
  cards: { redact: { patterns: ["[0-9]{16}"] } }`;
  let report: ReturnType<Daemon['report']>;
  await withDaemon(rules, async (daemon) => {
    await send(daemon.endpoints.otlpHttp!, 'health', 'error 4111111111111111', 'order');
    await send(daemon.endpoints.otlpHttp!, 'health');
    await daemon.stop();
    report = daemon.report();
  });
  expect(written('all.jsonl')).toEqual(['error REDACTED', 'order']);
  expect(written('few.jsonl')).toEqual(['error REDACTED']);
  expect(report!.sinks).toMatchObject([
    { name: 'all', written: { batches: 1, records: 2 }, filtered: { health: 2 }, redacted: { cards: 1 } },
    { name: 'few', written: { records: 1 }, filtered: { not_routed: 3 }, redacted: { cards: 1 } },
  ]);
  expect(report!.sinks.map(({ behind }) => behind.batches)).toEqual([0, 0]);
});

test('a reload changes rules under load: every record is written once, or filtered and counted', async () => {
  const drop = (body: string) => `rules: { no_${body}: { when: 'body == "${body}"', drop: true } }`;
  await withDaemon(drop('a'), async (daemon) => {
    let sent = 0;
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        await send(daemon.endpoints.otlpHttp!, 'a', 'b', 'c');
        sent += 3;
      }
    })();
    const filtered = () => daemon.report().sinks[0]!.filtered;
    for (const body of ['b', 'a', 'b', 'c', 'a', 'b']) {
      const before = filtered()[`no_${body}`] ?? 0;
      await daemon.reload(await loadedConfig(config(drop(body)), folder()));
      // The sink writes by these rules, however far it is behind.
      while ((filtered()[`no_${body}`] ?? 0) === before) await new Promise((done) => setImmediate(done));
    }
    isOver = true;
    await sending;
    await daemon.stop();
    const [all] = daemon.report().sinks;
    const dropped = Object.values(all!.filtered).reduce((sum, records) => sum + records, 0);
    expect(all!.written.records + dropped).toBe(sent);
    expect(written('all.jsonl')).toHaveLength(all!.written.records);
    const counts = ['a', 'b', 'c'].map((body) => written('all.jsonl').filter((each) => each === body).length);
    for (const count of counts) expect(count).toBeLessThan(sent / 3);
  });
});

test('a tail shows every record, but with all redactions, whatever their sinks', async () => {
  const rules = `rules:
  no: { when: 'body == "dropped secret"', drop: true }
  cards: { redact: { patterns: ["[0-9]{16}"] }, sinks: [few] }
  secrets: { redact: { patterns: [secret], replacement: hidden } }`;
  await withDaemon(rules, async (daemon) => {
    const tail = await Reading.get(daemon.endpoints.http!, '/api/v1/tail?when=IsString(body)');
    await send(daemon.endpoints.otlpHttp!, 'a secret 4111111111111111', 'dropped secret', 'last');
    await tail.until((text) => text.includes('last'));
    tail.stop();
    expect(bodiesOf(tail.text)).toEqual(['a hidden REDACTED', 'dropped hidden', 'last']);
    await daemon.reload(await loadedConfig(config(''), folder()));
    const plain = await Reading.get(daemon.endpoints.http!, '/api/v1/tail');
    await send(daemon.endpoints.otlpHttp!, 'a secret');
    await plain.until((text) => text.includes('secret'));
    plain.stop();
  });
});

test('SIGHUP applies other rules, and an error in them leaves the previous ones active', async () => {
  const dropping = (when: string) => config(`rules: { no: { when: '${when}', drop: true } }`, '');
  const file = join(folder(), 'distlogd.yaml');
  writeFileSync(file, dropping('body == "one"'));
  const daemon = start(['-c', file]);
  const { otlpHttp, http } = await daemon.ready();
  await send(otlpHttp!, 'one', 'two');
  writeFileSync(file, dropping('bdy == "two"'));
  daemon.kill('SIGHUP');
  await daemon.says(':8:16: rules.no.when: is not valid: column 1: unknown path bdy; did you mean body?');
  await daemon.says('the previous configuration stays active');
  await send(otlpHttp!, 'one', 'two');
  await untilWritten('all.jsonl', 2);
  writeFileSync(file, dropping('body == "two"'));
  daemon.kill('SIGHUP');
  await daemon.says('configuration reloaded');
  await send(otlpHttp!, 'one', 'two');
  // Records are counted when they are written and the sink is behind them.
  const counted = 'distlogd_sink_filtered_records_total{sink="all",type="file",cause="no"}';
  while (!(await (await fetch(`${http}/metrics`)).text()).includes(counted));
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  expect(written('all.jsonl').sort()).toEqual(['one', 'two', 'two']);
});

test('dead letters are what the sink would have got; when they are replayed the rules of today hold', async () => {
  const file = (name: string) => join(folder(), name);
  writeFileSync(
    file('strict.cjs'),
    `const fs = require('node:fs');
    const write = async (entries) => {
      if (!fs.existsSync(${JSON.stringify(file('open'))})) throw Object.assign(new Error('no'), { rejected: true, cause: 'no' });
      for (const { body } of entries) fs.appendFileSync(${JSON.stringify(file('taken'))}, body);
    };
    const make = () => ({ open: async () => {}, write, close: async () => {} });
    exports.plugin = { burstlog: 1, sinks: [{ type: 'strict', meaning: 'A test.', options: {}, make }] };`,
  );
  const text = (rules: string) =>
    config(`plugins: [./strict.cjs]\n${rules}`).replace(/^ {2}few: .*$/m, '  few: { type: strict }');
  const rulesBefore = `rules: { drop: { when: 'body == "dropped"', drop: true }, no: { redact: { patterns: [secret] } } }`;
  const daemon = await Daemon.start(await loadedConfig(text(rulesBefore), folder()), { version: '1' });
  const few = () => daemon.report().sinks[1]!;
  try {
    await send(daemon.endpoints.otlpHttp!, 'my secret', 'dropped', 'late');
    while (few().filtered.drop === undefined) await new Promise((done) => setImmediate(done));
    expect(few()).toMatchObject({ deadLetters: { batches: 1, records: 2 }, filtered: { drop: 1 } });
    writeFileSync(file('open'), '');
    const rulesAfter = `rules: { late: { when: 'body == "late"', drop: true } }`;
    await daemon.reload(await loadedConfig(text(rulesAfter), folder()));
    while (few().condition !== 'running') await new Promise((done) => setImmediate(done));
    expect(await daemon.replayDeadLetters('few')).toMatchObject({ letters: 1, records: 2 });
  } finally {
    await daemon.stop();
  }
  const taken = readFileSync(file('taken'), 'latin1');
  expect(taken).toContain('my REDACTED');
  expect(taken).not.toMatch(/secret|late|dropped/);
});
