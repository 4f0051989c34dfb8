import fc from 'fast-check';
import type { Accepted, JournalEntry } from '../../src/component/contract.ts';
import { Journal, type JournalOptions } from '../../src/journal/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { FragileFiles } from './support/fragile-files.ts';
import { batchOf, kinds, originOf, producerOf, readAll, textOf } from './support/journal-tools.ts';

const directory = '/journal';

function openOn(files: FragileFiles, options: Partial<JournalOptions> = {}): Promise<Journal> {
  return Journal.open({ directory, files, minFreeBytes: 0, segmentBytes: 4_096, ...options });
}

/** A sequence of random numbers from a seed, so that a failing case can be repeated. */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

type Step =
  | { readonly kind: 'append'; readonly sizes: readonly number[]; readonly producer: number }
  | { readonly kind: 'repeat'; readonly producer: number }
  | { readonly kind: 'trim'; readonly part: number }
  | { readonly kind: 'reopen' }
  | {
      readonly kind: 'kill' | 'power';
      readonly turns: number;
      readonly seed: number;
      readonly producer: number;
    };

const producer = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      sizes: fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 1, maxLength: 5 }),
      producer,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), producer }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('kill' as const, 'power' as const),
      turns: fc.integer({ min: 0, max: 100 }),
      seed: fc.nat(),
      producer,
    }),
  },
);

/** What a test knows of a journal: what it sent, and the answers. */
class Oracle {
  files = new FragileFiles();
  journal!: Journal;
  readonly acknowledged = new Map<number, string>();
  readonly sent = new Set<string>();
  readonly seqs = [0, 0, 0, 0];
  readonly lastAcknowledged = [0, 0, 0, 0];
  /** Trimmed up to here. */
  trimmed = 1;

  append(producerNumber: number, bytes: number): Promise<Accepted> {
    const prev = this.seqs[producerNumber]!;
    const seq = prev + 1;
    this.seqs[producerNumber] = seq;
    // Producer 0 stands for batches without an origin.
    const text = `${producerNumber}/${seq}`;
    this.sent.add(text);
    const origin = producerNumber === 0 ? undefined : originOf(producerNumber, seq, prev);
    const answer = this.journal.append(batchOf(text, origin, bytes));
    void answer.then((reply) => {
      if (reply.kind !== 'accepted') return;
      expectEqual(this.acknowledged.has(reply.index), false);
      this.acknowledged.set(reply.index, text);
      this.lastAcknowledged[producerNumber] = seq;
    });
    return answer;
  }

  async run(steps: readonly Step[]): Promise<void> {
    this.journal = await openOn(this.files);
    for (const each of steps) {
      await this.#do(each);
      await this.check();
    }
  }

  async #do(each: Step): Promise<void> {
    if (each.kind === 'append') {
      const answers = each.sizes.map((bytes) => this.append(each.producer, bytes));
      expect(kinds(await Promise.all(answers))).toEqual(answers.map(() => 'accepted'));
    } else if (each.kind === 'repeat') {
      const seq = this.seqs[each.producer]!;
      if (each.producer === 0 || seq === 0) return;
      const answer = await this.journal.append(batchOf('again', originOf(each.producer, seq)));
      expect(answer).toEqual({ kind: 'duplicate', last: seq });
    } else if (each.kind === 'trim') {
      const { first, next } = this.journal;
      const position = first + Math.floor((next - first) * each.part);
      this.trimmed = Math.max(this.trimmed, position);
      await this.journal.trim(position);
    } else if (each.kind === 'reopen') {
      await this.journal.close();
      expect(this.files.open).toEqual([]);
      this.journal = await openOn(this.files);
    } else {
      await this.#end(each);
    }
  }

  /**
   * Ends the process while it writes, and opens what is left. The sender continues after the last stored
   * batch.
   */
  async #end({ kind, turns, seed, producer: number }: Extract<Step, { turns: number }>): Promise<void> {
    for (const bytes of [700, 10, 1_200, 300]) void this.append(number, bytes);
    void this.journal.trim(this.trimmed);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    this.files = kind === 'kill' ? this.files.killed() : this.files.crash(chances(seed));
    this.journal = await openOn(this.files);
    for (const [producerNumber, seq] of this.lastAcknowledged.entries()) {
      if (producerNumber === 0) continue;
      const last = this.journal.lastSeq(producerOf(producerNumber));
      expectEqual(last >= seq && last <= this.seqs[producerNumber]!, true);
      this.seqs[producerNumber] = last;
      this.lastAcknowledged[producerNumber] = last;
    }
  }

  async check(): Promise<void> {
    const { journal } = this;
    expectEqual(journal.stats().damagedRanges, 0);
    expectEqual(journal.first <= Math.max(this.trimmed, 1), true);
    const entries = await readAll(journal);
    const found = new Map(entries.map((entry) => [entry.index, textOf(entry)]));
    expectEqual(found.size, entries.length);
    const indexes = entries.map(({ index }) => index);
    expectEqual(
      indexes,
      indexes.toSorted((a, b) => a - b),
    );
    expectEqual(
      [...found.values()].filter((text) => !this.sent.has(text)),
      [],
    );
    const kept = [...this.acknowledged].filter(([index]) => index >= journal.first);
    expectEqual(
      kept.map(([index]) => [index, found.get(index)]),
      kept,
    );
    const once = [...found.values()].filter((text) => !text.startsWith('0/'));
    expectEqual(new Set(once).size, once.length);
  }
}

test('after any appends, trims, restarts, kills and power failures, acknowledged data is stored once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      await new Oracle().run(steps);
    }),
    { numRuns: 400 },
  );
}, 120_000);

interface Written {
  readonly files: FragileFiles;
  readonly entries: readonly JournalEntry[];
  readonly names: readonly string[];
}

/** A journal of some segments, closed or killed. */
async function written(groups: readonly (readonly number[])[], closed: boolean): Promise<Written> {
  let files = new FragileFiles();
  const journal = await openOn(files);
  let seq = 0;
  for (const sizes of groups) {
    await Promise.all(
      sizes.map((bytes) => {
        seq += 1;
        return journal.append(batchOf(`${seq}`, originOf(1, seq), bytes));
      }),
    );
  }
  const entries = await readAll(journal);
  if (closed) await journal.close();
  else files = files.killed();
  return { files, entries, names: files.segments() };
}

const groups = fc.array(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 8,
});
test('truncating the last bytes loses only the entries from there on, and adds none', async () => {
  await fc.assert(
    fc.asyncProperty(groups, fc.boolean(), fc.nat(), async (sizes, closed, cut) => {
      const { files, entries, names } = await written(sizes, closed);
      const last = names.at(-1)!;
      const content = files.bytesOf(last);
      const kept = cut % (content.length + 1);
      files.replace(last, Buffer.from(content.subarray(0, kept)));
      const journal = await openOn(files);
      const found = await readAll(journal);
      const lastFirst = Number.parseInt(last, 10);
      let at = 1_024 + content.readUInt32LE(80) * 32;
      const whole = entries.filter((entry) => {
        if (entry.index < lastFirst) return true;
        at += 80 + entry.body.length;
        return at <= kept;
      });
      const shown = (entry: JournalEntry) => [entry.index, textOf(entry)];
      expectEqual(found.map(shown), whole.map(shown));
      const answer = await journal.append(batchOf('new'));
      expect(answer).toMatchObject({ kind: 'accepted' });
      expectEqual((await readAll(journal)).map(textOf), [...whole.map(textOf), 'new']);
      await journal.close();
    }),
    { numRuns: 300 },
  );
}, 120_000);

test('any flipped byte loses at most one entry of a sealed journal, and no earlier entry', async () => {
  await fc.assert(
    fc.asyncProperty(
      groups,
      fc.boolean(),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (sizes, closed, which, where, mask) => {
        const { files, entries, names } = await written(sizes, closed);
        const name = names[which % names.length]!;
        const content = Buffer.from(files.bytesOf(name));
        const place = where % content.length;
        content[place]! ^= mask;
        files.replace(name, content);
        const journal = await openOn(files);
        const found = (await readAll(journal)).map(textOf);
        const all = entries.map(textOf);
        const lost = all.filter((text) => !found.includes(text));
        // No entry is added, and the order does not change.
        expectEqual(
          found,
          all.filter((text) => !lost.includes(text)),
        );
        if (closed || name !== names.at(-1)) {
          expect(lost.length).toBeLessThanOrEqual(1);
        } else {
          // In the last group of a killed journal, entries after the damage are lost too.
          expect(lost).toEqual(lost.length === 1 ? lost : all.slice(-lost.length || all.length));
          expect(lost.length).toBeLessThanOrEqual(4);
        }
        const { damagedRanges, cutBytes } = journal.stats();
        if (lost.length > 0) expect(damagedRanges + cutBytes).toBeGreaterThan(0);
        // A truncated batch is not remembered either, so its sender can resend it.
        if (cutBytes > 0) expect(journal.lastSeq(producerOf(1))).toBe(Number(found.at(-1) ?? 0));
        // New entries get indexes that no existing entry has.
        const answer = await journal.append(batchOf('new'));
        expect(answer).toMatchObject({ kind: 'accepted' });
        expectEqual((await readAll(journal)).map(textOf), [...found, 'new']);
        await journal.close();
        // A restart does not change that.
        const again = await openOn(files);
        expectEqual((await readAll(again)).map(textOf), [...found, 'new']);
      },
    ),
    { numRuns: 600 },
  );
}, 120_000);

test('any bytes instead of the last segment never prevent a journal from opening', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3_000 }), async (bytes) => {
      const { files, entries, names } = await written([[900], [900], [900], [900], [900], [900]], true);
      const last = names.at(-1)!;
      files.replace(last, Buffer.from(bytes));
      const journal = await openOn(files);
      const before = entries.filter(({ index }) => index < Number.parseInt(last, 10));
      expect((await readAll(journal)).map(textOf)).toEqual(before.map(textOf));
      expect(await journal.append(batchOf('new'))).toMatchObject({ kind: 'accepted' });
    }),
    { numRuns: 100 },
  );
});
