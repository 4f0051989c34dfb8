/** The recovery of the boxes of dead processes at start. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { aRecord, memoryBox } from '../box/support/memory-box.ts';
import { expectAccountsBalance } from '../support/pipeline.ts';

/** No process has this id. */
const NOBODY = 2 ** 22 + 1;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

let directory: string;
let infos: string[];
let warnings: string[];
let processors: BurstLogRecordProcessor[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'box-recovery-'));
  infos = [];
  warnings = [];
  processors = [];
  const ignore = () => {};
  const logger = {
    ...{ error: ignore, debug: ignore, verbose: ignore },
    warn: (text: string) => void warnings.push(text.replaceAll(directory, 'DIR')),
    info: (text: string) => void infos.push(text),
  };
  diag.setLogger(logger, { logLevel: DiagLogLevel.INFO, suppressOverrideMessage: true });
});
afterEach(async () => {
  await Promise.all(processors.map((processor) => processor.shutdown()));
  diag.disable();
  rmSync(directory, { recursive: true, force: true });
});

/** The box of a process of service `checkout` that has died. */
function leave(name: string, count: number, service = 'checkout'): void {
  const pidNamespace = readlinkSync('/proc/self/ns/pid');
  const { writer, file } = memoryBox({ pid: NOBODY, pidNamespace, service, blocks: 16 });
  for (let id = 1; id <= count; id += 1) writer.held(aRecord(`${name} ${id}`), '');
  writer.flush();
  writeFileSync(join(directory, name), file);
}

const dead = () => readdirSync(directory).filter((file) => file.startsWith('dead'));

type Done = (result: { code: number }) => void;

/** An exporter whose exports are ended by the test. */
class Exporter {
  readonly arrived: ReadableLogRecordLike[] = [];
  #waiting: Done[] = [];
  answersAt = Number.POSITIVE_INFINITY;
  code = 0;

  export(records: ReadableLogRecordLike[], done: Done): void {
    this.arrived.push(...records);
    if (this.arrived.length >= this.answersAt) this.#waiting.push(done);
    else done({ code: this.code });
  }

  answer(): void {
    this.answersAt = Number.POSITIVE_INFINITY;
    for (const done of this.#waiting.splice(0)) done({ code: this.code });
  }

  async shutdown(): Promise<void> {}
}

function start(exporter: Exporter, more: object = {}) {
  const blackBox = { directory, bytes: 1024 * 1024, service: 'checkout', ...more };
  const delivery = { retry: false as const, maxExportBatchSize: 128, scheduledDelayMillis: 0 };
  const processor = new BurstLogRecordProcessor({ exporter, delivery, blackBox });
  processors.push(processor);
  return processor;
}

/** A bound, because consecutive turns do not stop by themselves when the test ends. */
async function until(isSo: () => boolean): Promise<void> {
  const endsAt = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > endsAt) throw new Error(`in vain: ${isSo}`);
    await turn();
  }
}

test('all records of a dead process of the service are exported in order, and counted', async () => {
  leave('dead.box', 700);
  leave('dead-other.box', 1, 'billing');
  const exporter = new Exporter();
  const processor = start(exporter);
  await until(() => infos.length > 0);
  const bodies = exporter.arrived.map(({ body }) => body);
  expect(bodies.slice(0, 700)).toEqual(Array.from({ length: 700 }, (_, at) => `dead.box ${at + 1}`));
  expect(exporter.arrived[700]?.eventName).toBe('burst.released');
  expect(exporter.arrived).toHaveLength(701);
  expect(infos).toEqual(['BurstLogRecordProcessor: 701 records were recovered from 1 black boxes']);
  expect(warnings.filter((text) => !text.includes('overlayfs'))).toEqual([]);
  expect(dead()).toEqual(['dead-other.box']);
  expectAccountsBalance(processor.stats());
  expect(processor.stats()).toMatchObject({ live: 701, delivered: 701, held: 0 });
});

test('a large box is sent 256 records at a time, each slice delivered before the next one', async () => {
  leave('dead.box', 700);
  const exporter = new Exporter();
  exporter.answersAt = 257;
  const processor = start(exporter);
  await until(() => exporter.arrived.length >= 257);
  for (let left = 20; left > 0; left -= 1) await turn();
  expect(processor.stats()).toMatchObject({ live: 512, delivered: 256, pending: 256 });
  exporter.answer();
  await until(() => infos.length > 0);
  expect(exporter.arrived).toHaveLength(701);
});

test('if a part of it cannot be delivered, the rest is not sent, and the box is kept for the next start', async () => {
  leave('dead.box', 700);
  const exporter = new Exporter();
  exporter.code = 1;
  const processor = start(exporter);
  await until(() => dead()[0] === 'dead.box.failed-1');
  expect(exporter.arrived).toHaveLength(256);
  expect(processor.stats()).toMatchObject({ live: 256, failed: { export: 256 } });
  expect(infos).toEqual([]);
  const second = new Exporter();
  start(second);
  await until(() => infos.length > 0);
  expect(second.arrived).toHaveLength(701);
});

test('a box that cannot be delivered does not block another one', async () => {
  leave('dead-bad.box', 1);
  leave('dead-good.box', 1);
  const exporter = new (class extends Exporter {
    override export(records: ReadableLogRecordLike[], done: Done): void {
      this.code = records.some(({ body }) => String(body).startsWith('dead-bad')) ? 1 : 0;
      super.export(records, done);
    }
  })();
  const processor = start(exporter);
  await until(() => infos.length > 0);
  expect(dead()).toEqual(['dead-bad.box.failed-1']);
  expect(processor.stats()).toMatchObject({ live: 4, delivered: 2, failed: { export: 2 } });
});

test('a shutdown in the meantime keeps the box for the next start', async () => {
  leave('dead.box', 700);
  const exporter = new Exporter();
  exporter.answersAt = 1;
  const processor = start(exporter);
  await until(() => exporter.arrived.length > 0);
  const ended = processor.shutdown();
  await turn();
  exporter.answer();
  await ended;
  await until(() => dead()[0] === 'dead.box');
  expect(exporter.arrived.length).toBeLessThanOrEqual(256);
  expect(infos).toEqual([]);
});

test('boxes that were removed without being read, and unreadable ones that were kept, are reported', async () => {
  leave('dead.box', 1);
  const yesterday = Date.now() / 1_000 - 100_000;
  utimesSync(join(directory, 'dead.box'), yesterday, yesterday);
  start(new Exporter());
  await until(() => warnings.some((text) => text.includes('removed')));
  const removed =
    '1 black boxes were removed without being read: their number, total size or age is too high';
  expect(warnings).toContain(`BurstLogRecordProcessor: ${removed}`);
  expect(dead()).toEqual([]);
});

test('a file that is not a box is skipped and reported', async () => {
  writeFileSync(join(directory, 'dead.box'), 'something else'.repeat(1_000));
  const old = Date.now() / 1_000 - 10;
  utimesSync(join(directory, 'dead.box'), old, old);
  start(new Exporter());
  await until(() => warnings.some((text) => text.includes('dead.box')));
  expect(warnings.filter((text) => text.includes('dead.box'))).toEqual([
    expect.stringMatching(/^BurstLogRecordProcessor: dead\.box in the black box directory was skipped: ./),
  ]);
  expect(dead()).toEqual(['dead.box']);
});
