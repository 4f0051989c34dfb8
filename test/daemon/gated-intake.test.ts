import type { Accepted, Batch, Intake } from '../../src/component/contract.ts';
import { GatedIntake } from '../../src/daemon/gated-intake.ts';

/** A journal that has accepted batches up to 5 of every producer. */
class FiveTaken implements Intake {
  readonly id = new Uint8Array(16);
  readonly asked: Batch[] = [];

  lastSeq(): number {
    return 5;
  }

  async append(batch: Batch): Promise<Accepted> {
    this.asked.push(batch);
    const { origin } = batch;
    return origin !== undefined && origin.seq <= 5
      ? { kind: 'duplicate', last: 5 }
      : { kind: 'accepted', index: 1 };
  }
}

const batchOf = (seq?: number): Batch => ({
  body: new Uint8Array(0),
  records: 1,
  ...(seq === undefined ? {} : { origin: { producer: new Uint8Array(16), seq, prev: seq - 1 } }),
});

test('while a sink blocks, new batches are rejected, and accepted ones are acknowledged again', async () => {
  const journal = new FiveTaken();
  const gate = new GatedIntake(journal, () => true);
  expect(await gate.append(batchOf(4))).toEqual({ kind: 'duplicate', last: 5 });
  expect(await gate.append(batchOf(5))).toEqual({ kind: 'duplicate', last: 5 });
  expect((await gate.append(batchOf(6))).kind).toBe('full');
  expect((await gate.append(batchOf())).kind).toBe('full');
  expect(journal.asked).toHaveLength(2);
});

test('while no sink blocks, every batch is passed on', async () => {
  const journal = new FiveTaken();
  const gate = new GatedIntake(journal, () => false);
  expect((await gate.append(batchOf(6))).kind).toBe('accepted');
  expect((await gate.append(batchOf())).kind).toBe('accepted');
});
