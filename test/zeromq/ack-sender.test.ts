import { diag } from '@opentelemetry/api';
import type { ZmqLogRecordExporterOptions } from '../../src/zeromq/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { closeAll, closeLater, newExporter, send, turnUntil } from './support/exporting.ts';
import { ScriptedDaemon } from './support/scripted-daemon.ts';

afterEach(async () => {
  await closeAll();
  diag.disable();
});

/** An exporter with a manual clock, a daemon with scripted replies, and the warnings. */
async function world(options: Partial<ZmqLogRecordExporterOptions> = {}) {
  const warnings: string[] = [];
  listen((message) => warnings.push(message.replace('ZmqLogRecordExporter: ', '')));
  const daemon = await ScriptedDaemon.start();
  closeLater(() => daemon.stop());
  const clock = new ManualClock();
  const { endpoint } = daemon;
  const exporter = newExporter({
    ...{ endpoint, clock, ackTimeoutMillis: 10_000, exportTimeoutMillis: 1e9, shutdownTimeoutMillis: 0 },
    ...{ reconnectMillis: 1, reconnectMaxMillis: 1, ...options },
  });
  // Shutdown must not wait for the manual clock.
  closeLater(async () => {
    const end = exporter.shutdown();
    clock.advance(0);
    await end;
  });
  const heard = (count: number) => daemon.until(() => daemon.heard.length >= count);
  const welcome = (last = 0) => daemon.answer({ kind: 'welcome', last, credit: 8, maxBytes: 1_000_000 });
  return { warnings, daemon, clock, exporter, heard, welcome };
}

/** After its first batch is in the journal. */
async function greeted(options: Partial<ZmqLogRecordExporterOptions> = {}) {
  const all = await world(options);
  const sent = send(all.exporter, 'first');
  await all.heard(1);
  all.welcome();
  await all.heard(2);
  all.daemon.answer({ kind: 'ack', last: 1, credit: 8 });
  expect(await sent).toBeUndefined();
  return all;
}

test('replies are processed at once, without waiting for a timer', async () => {
  const { daemon, clock, exporter, heard, welcome } = await world();
  const [a, b] = [send(exporter, 'a'), send(exporter, 'b')];
  await heard(1);
  welcome();
  await heard(3);
  daemon.answer({ kind: 'nack', last: 1 });
  await heard(4);
  daemon.answer({ kind: 'reject', seq: 2, cause: 'protobuf' });
  expect([await a, (await b)?.code]).toEqual([undefined, 'rejected']);
  const c = send(exporter, 'c');
  await heard(5);
  daemon.cut();
  await daemon.until(() => daemon.closed === 1);
  // The delay before the next connection is the only timer.
  await turnUntil(() => {
    clock.advance(1);
    return daemon.opened === 2;
  });
  await heard(6);
  welcome(3);
  expect(await c).toBeUndefined();
  expect(daemon.heard).toEqual(['hello 0', '1 after 0', '2 after 1', '2 after 1', '3 after 1', 'hello 1']);
});

test('without a reply the daemon is asked again after exactly ackTimeoutMillis', async () => {
  const { daemon, clock, exporter, heard, welcome } = await world({ ackTimeoutMillis: 40 });
  void send(exporter, 'a');
  await heard(1);
  clock.advance(39);
  void send(exporter, 'b');
  clock.advance(1);
  await heard(2);
  welcome();
  await heard(4);
  clock.advance(39);
  void send(exporter, 'c');
  await heard(5);
  clock.advance(1);
  await heard(6);
  expect(daemon.heard).toEqual(['hello 0', 'hello 0', '1 after 0', '2 after 1', '3 after 2', 'hello 0']);
});

test('a batch fails exactly exportTimeoutMillis after its export, whatever else is due', async () => {
  const { clock, exporter, heard } = await world({ exportTimeoutMillis: 1_234 });
  const codes: (string | undefined)[] = [];
  void send(exporter, 'a').then((error) => codes.push(error?.message));
  await heard(1);
  clock.advance(1_233);
  expect(exporter.stats()).toMatchObject({ pending: 1, failed: { timeout: 0 } });
  clock.advance(1);
  expect(exporter.stats()).toMatchObject({ pending: 0, failed: { timeout: 1 } });
  await exporter.forceFlush();
  expect(codes).toEqual(['the daemon did not acknowledge the batch within exportTimeoutMillis']);
  expect(clock.pendingTimers).toBe(0);
});

test('a silent connection is replaced after twice ackTimeoutMillis, then after longer delays, at most a minute', async () => {
  const { daemon, clock, exporter, warnings, welcome } = await world();
  const unreadable = () => warnings.filter((each) => each.includes('is invalid')).length;
  /** The next connection is open on both sides. */
  const greeting = async () => {
    await daemon.until(() => daemon.opened === daemon.closed + 1 && daemon.heard.length === 1);
  };
  void send(exporter, 'a');
  for (const [at, silence] of [20_000, 40_000, 60_000, 60_000].entries()) {
    await greeting();
    clock.advance(silence - 1);
    // The connection still exists. An invalid reply does not count as a reply.
    daemon.send([Buffer.from('not'), Buffer.from('an'), Buffer.from('answer')]);
    await turnUntil(() => unreadable() === at + 1);
    clock.advance(1);
    await daemon.until(() => daemon.closed === at + 1);
    daemon.heard.length = 0;
    clock.advance(2);
  }
  // After a reply the delay starts with the shortest again.
  await greeting();
  welcome();
  await daemon.until(() => daemon.heard.at(-1) === '1 after 0');
  clock.advance(20_000);
  await daemon.until(() => daemon.closed === 5);
  expect(warnings[0]).toMatch(/^connected, but no reply for 10 s; 1 batches are pending/);
  const text = 'a reply of the daemon is invalid: FrameError: the first frame must be DL1';
  expect(warnings).toContain(text);
});

test('exports to a silent daemon do not reset the silence', async () => {
  const { daemon, clock, exporter, warnings } = await world();
  void send(exporter, 'a');
  await daemon.until(() => daemon.heard.length === 1);
  clock.advance(9_999);
  void send(exporter, 'b');
  clock.advance(1);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('no reply for 10 s; 2 batches are pending');
  clock.advance(9_999);
  void send(exporter, 'c');
  clock.advance(1);
  await daemon.until(() => daemon.closed === 1);
});

test('a daemon that requested a pause does not count as silent meanwhile', async () => {
  const { daemon, clock, exporter, heard, welcome } = await world();
  const [a, b] = [send(exporter, 'a'), send(exporter, 'b')];
  await heard(1);
  welcome();
  await heard(3);
  daemon.answer({ kind: 'retry', last: 1, afterMillis: 50_000 });
  expect(await a).toBeUndefined();
  clock.advance(50_000);
  await heard(4);
  expect([daemon.heard[3], daemon.opened, exporter.stats().resent]).toEqual(['2 after 1', 1, 1]);
  daemon.answer({ kind: 'ack', last: 2, credit: 8 });
  expect(await b).toBeUndefined();
});

test('time without batches does not count as silence: no warning, and the connection is kept', async () => {
  const { daemon, clock, exporter, heard, warnings } = await greeted();
  expect(clock.pendingTimers).toBe(0);
  clock.advance(3_600_000);
  const sent = send(exporter, 'second');
  await heard(3);
  clock.advance(9_000);
  daemon.answer({ kind: 'ack', last: 2, credit: 8 });
  expect(await sent).toBeUndefined();
  expect([daemon.heard[2], daemon.opened, warnings]).toEqual(['2 after 1', 1, []]);
});

test('each irregular reply of a daemon has its own warning, and only resent batches are counted as resent', async () => {
  const { daemon, exporter, heard, warnings } = await greeted();
  const sent = [send(exporter, 'second'), send(exporter, 'third')];
  await heard(4);
  daemon.answer({ kind: 'ack', last: 99, credit: 8 });
  await turnUntil(() => warnings.length === 1);
  daemon.answer({ kind: 'ack', last: 0, credit: 8 });
  await turnUntil(() => warnings.length === 2);
  expect(exporter.stats()).toMatchObject({ resent: 0, journalChanges: 0, pendingBatches: 2 });
  const other = new Uint8Array(16).fill(8);
  daemon.answer({ kind: 'ack', last: 2, credit: 8 }, other);
  expect(await sent[0]).toBeUndefined();
  await heard(5);
  daemon.answer({ kind: 'ack', last: 3, credit: 8 }, other);
  expect(await sent[1]).toBeUndefined();
  expect(daemon.heard.slice(4)).toEqual(['3 after 2']);
  expect(exporter.stats()).toMatchObject({ resent: 1, journalChanges: 1, pendingBatches: 0 });
  expect(warnings).toEqual([
    'the daemon acknowledged a batch that was never sent; this was ignored',
    'the daemon no longer has batches that it had acknowledged',
    'the daemon has a different journal; 2 batches that the previous one had not acknowledged are sent to it',
  ]);
});

test('an export of no records succeeds at once, and nothing is sent', async () => {
  const { daemon, exporter } = await greeted();
  expect(await send(exporter)).toBeUndefined();
  void send(exporter, 'second');
  await daemon.until(() => daemon.heard.length === 3);
  expect(daemon.heard[2]).toBe('2 after 1');
  expect(exporter.stats()).toMatchObject({ received: 2, exported: 1, pending: 1 });
});

test('a flush waits for earlier exports only', async () => {
  const { daemon, exporter, heard } = await greeted();
  void send(exporter, 'second');
  const flushed = exporter.forceFlush();
  void send(exporter, 'third');
  await heard(4);
  daemon.answer({ kind: 'ack', last: 2, credit: 8 });
  await flushed;
  expect(exporter.stats().pendingBatches).toBe(1);
});

test('shutdown fails pending batches with a reason, and leaves no timer and no connection', async () => {
  const { daemon, clock, exporter, heard, warnings } = await greeted();
  const sent = send(exporter, 'second', 'third');
  await heard(3);
  const flushed = exporter.forceFlush({ timeoutMillis: 1e9 });
  const end = exporter.shutdown();
  clock.advance(0);
  await Promise.all([end, flushed]);
  const why = 'the batch was not acknowledged before shutdown() ended';
  expect(await sent).toMatchObject({ name: 'ExportError', code: 'shutdown', message: why });
  await daemon.until(() => daemon.closed === 1);
  expect(clock.pendingTimers).toBe(0);
  expect((await send(exporter, 'fourth'))?.message).toBe('the exporter has been shut down');
  expect(exporter.stats()).toMatchObject({
    ...{ received: 4, exported: 1, pending: 0, pendingBatches: 0, pendingBytes: 0 },
    failed: { shutdown: 3, timeout: 0 },
  });
  expect(warnings).toEqual([`2 records were lost (shutdown): ${why}`]);
});

test('with compression the daemon gets gzip, and a batch whose compression ends first is not sent before earlier ones', async () => {
  const { daemon, exporter, heard, welcome } = await world({ compression: 'gzip' });
  const sent = ['a'.repeat(100_000), 'b'].map((text) => send(exporter, text));
  await heard(1);
  welcome();
  await heard(3);
  expect(daemon.heard).toEqual(['hello 0', '1 after 0', '2 after 1']);
  expect(daemon.bodies.map((body) => [body[0], body[1], body.length < 2_000])).toEqual([
    [0x1f, 0x8b, true],
    [0x1f, 0x8b, true],
  ]);
  daemon.answer({ kind: 'ack', last: 2, credit: 8 });
  expect(await Promise.all(sent)).toEqual([undefined, undefined]);
});
