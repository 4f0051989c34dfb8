import { mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Accepted, Batch, Intake } from '../../../src/component/index.ts';
import { logGroups, plainObject, plainValue } from '../../../src/otlp/index.ts';
import { BoxReceiver } from '../../../src/receivers/box/index.ts';
import { aRecord, memoryBox } from '../../box/support/memory-box.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'boxes-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const NOBODY = 2 ** 22 + 1;

/** A box of a process that does not exist, with this many records. */
function deadBox(name: string, records: number, id = 'cd'.repeat(16)): Buffer {
  const { writer, file } = memoryBox({ id, pid: NOBODY, blocks: 40, pidNamespace: here() });
  for (let count = 0; count < records; count += 1) writer.held(aRecord(`record ${count}`), '');
  writer.flush();
  writeFileSync(join(directory, `${name}.box`), file);
  return file;
}

function here(): string {
  try {
    return require('node:fs').readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** A journal in memory with a table of producers, like the real one. */
class MemoryIntake implements Intake {
  readonly id = new Uint8Array(16);
  readonly batches: Batch[] = [];
  readonly #last = new Map<string, number>();
  #waiting: { count: number; resolve: () => void } | undefined;
  answer: (batch: Batch) => Accepted | undefined = () => undefined;

  lastSeq(producer: Uint8Array): number {
    return this.#last.get(Buffer.from(producer).toString('hex')) ?? 0;
  }

  async append(batch: Batch): Promise<Accepted> {
    const other = this.answer(batch);
    if (other !== undefined) return other;
    const { producer, seq, prev } = batch.origin!;
    const last = this.lastSeq(producer);
    if (seq <= last) return { kind: 'duplicate', last };
    if (prev > last) return { kind: 'gap', last };
    this.#last.set(Buffer.from(producer).toString('hex'), seq);
    this.batches.push(batch);
    if (this.batches.length >= (this.#waiting?.count ?? Infinity)) this.#waiting!.resolve();
    return { kind: 'accepted', index: this.batches.length };
  }

  holds(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { count, resolve };
      if (this.batches.length >= count) resolve();
    });
  }

  bodies(): unknown[] {
    return this.batches.flatMap(({ body }) => recordsOf(body).map(({ body: text }) => text));
  }
}

function recordsOf(body: Uint8Array) {
  return [...logGroups(body)].flatMap(({ resource, records }) =>
    records.map((record) => ({
      body: plainValue(record.body!),
      attributes: plainObject(record.attributes),
      resource: plainObject(resource.attributes),
    })),
  );
}

const options = () => ({ directory, interval: 50, maxFiles: 10, maxTotalBytes: 2 ** 30, maxAge: 60_000 });
const logged: string[] = [];
const log = { emit: (_: number, message: string) => void logged.push(message) };

async function gone(): Promise<void> {
  while (readdirSync(directory).some((name) => name.includes('.taken')))
    await new Promise((go) => setTimeout(go, 5));
}

test('a box is read into the journal with its id as the producer, then removed', async () => {
  deadBox('checkout', 1_200);
  const intake = new MemoryIntake();
  const receiver = new BoxReceiver(options(), { intake, log });
  await receiver.start();
  await intake.holds(3);
  await gone();
  await receiver.stop(1_000);
  expect(readdirSync(directory)).toEqual([]);
  expect(intake.bodies().slice(0, 1_200)).toEqual(
    Array.from({ length: 1_200 }, (_, count) => `record ${count}`),
  );
  expect(intake.batches.map(({ origin }) => origin)).toEqual(
    [1, 2, 3].map((seq) => ({ producer: Buffer.from('cd'.repeat(16), 'hex'), seq, prev: seq - 1 })),
  );
  const manifest = recordsOf(intake.batches[2]!.body).at(-1)!;
  expect(manifest).toMatchObject({
    attributes: { 'burst.trigger': 'crash', 'burst.recovered': true, 'burst.released': 1_200 },
    resource: { 'service.name': 'checkout', 'process.pid': NOBODY },
  });
  expect(receiver.counters).toMatchObject({ batches: 3, records: 1_201 });
});

test('if the daemon dies within a box, the next one reads the rest: every record is stored once', async () => {
  const file = deadBox('checkout', 2_000);
  const intake = new MemoryIntake();
  let count = 0;
  intake.answer = () => {
    count += 1;
    return count > 2 ? { kind: 'full', retryAfterMillis: 60_000 } : undefined;
  };
  const first = new BoxReceiver(options(), { intake });
  await first.start();
  await intake.holds(2);
  await first.stop(0);
  // As left by a process that died.
  for (const name of readdirSync(directory)) rmSync(join(directory, name));
  writeFileSync(join(directory, `checkout.box.taken-${NOBODY}-abcdef`), file);
  intake.answer = () => undefined;
  const second = new BoxReceiver(options(), { intake });
  await second.start();
  await intake.holds(4);
  await gone();
  await second.stop(1_000);
  expect(second.counters).toMatchObject({ batches: 2, duplicates: 2 });
  const bodies = intake.bodies();
  expect(bodies).toHaveLength(2_001);
  expect(new Set(bodies).size).toBe(2_001);
});

test('a stop while the journal is full does not wait for a retry; the box is kept', async () => {
  deadBox('checkout', 1);
  const intake = new MemoryIntake();
  const receiver = new BoxReceiver(options(), { intake });
  let stopped: Promise<void> | undefined;
  const asked = new Promise<void>((resolve) => {
    intake.answer = () => {
      stopped = receiver.stop(60_000);
      resolve();
      return { kind: 'full', retryAfterMillis: 60_000 };
    };
  });
  await receiver.start();
  await asked;
  await stopped;
  expect(readdirSync(directory)).toHaveLength(1);
  expect(receiver.counters.batches).toBe(0);
});

test('a box of a running process is not read', async () => {
  const { writer, file } = memoryBox({ pid: process.pid, pidNamespace: here() });
  writer.held(aRecord('alive'), '');
  writer.flush();
  writeFileSync(join(directory, 'alive.box'), file);
  deadBox('dead', 1);
  const intake = new MemoryIntake();
  const receiver = new BoxReceiver(options(), { intake });
  await receiver.start();
  await intake.holds(1);
  await gone();
  await receiver.stop(1_000);
  expect(readdirSync(directory)).toEqual(['alive.box']);
});

test('symbolic links are refused, unreadable boxes are kept, and both are logged', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  deadBox('secret', 1);
  renameSync(join(directory, 'secret.box'), join(elsewhere, 'secret.box'));
  symlinkSync(join(elsewhere, 'secret.box'), join(directory, 'link.box'));
  deadBox('good', 1);
  const intake = new MemoryIntake();
  const receiver = new BoxReceiver(options(), { intake, log });
  await receiver.start();
  await intake.holds(1);
  await gone();
  await receiver.stop(1_000);
  expect(readdirSync(directory)).toEqual(['link.box']);
  expect(intake.batches).toHaveLength(1);
  expect(logged.join()).toMatch(/link\.box.*a symbolic link/);
  rmSync(elsewhere, { recursive: true });
});

test('if there are too many boxes, the newest are read and the others are removed and counted', async () => {
  for (let count = 0; count < 5; count += 1) deadBox(`box-${count}`, 1, `${count}a`.repeat(16));
  const intake = new MemoryIntake();
  const receiver = new BoxReceiver({ ...options(), maxFiles: 2 }, { intake, log });
  await receiver.start();
  await intake.holds(2);
  await gone();
  await receiver.stop(1_000);
  expect(intake.batches).toHaveLength(2);
  expect(readdirSync(directory)).toEqual([]);
  expect(logged.join()).toContain('3 boxes were removed unread');
});
