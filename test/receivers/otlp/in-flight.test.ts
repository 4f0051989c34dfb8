import fc from 'fast-check';
import { InFlight, type Share } from '../../../src/receivers/otlp/in-flight.ts';
import { expectEqual } from '../../support/expect-equal.ts';

const MAX = 40_000;
/** The memory cost of each request, and of each of its chunks, beyond its bytes. */
const [REQUEST, PIECE] = [4_096, 256];

/** A plain model of the same: what each request has, and its state. */
class Model {
  readonly all: { share: Share; bytes: number; state: 'reading' | 'complete' | 'evicted' | 'released' }[] =
    [];

  /** The bytes of requests that were not evicted. */
  get kept(): number {
    return this.#sum(({ state }) => state === 'reading' || state === 'complete');
  }

  get bytes(): number {
    return this.#sum(({ state }) => state !== 'released');
  }

  /** Makes room by the rule: the largest incomplete request is evicted for one that stays smaller. */
  makesRoom(own: number, wanted: number): boolean {
    while (this.kept + wanted > MAX) {
      const reading = this.all.filter(({ state }) => state === 'reading');
      const largest = Math.max(0, ...reading.map(({ bytes }) => bytes));
      if (largest <= own + wanted) return false;
      reading.find(({ bytes }) => bytes === largest)!.state = 'evicted';
    }
    return true;
  }

  #sum(of: (each: Model['all'][number]) => boolean): number {
    return this.all.filter(of).reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const step = fc.oneof(
  fc.constant({ kind: 'begin' } as const),
  fc.record({ kind: fc.constant('piece' as const), at: fc.nat(9), bytes: fc.nat(9_000) }),
  fc.record({ kind: fc.constant('complete' as const), at: fc.nat(9) }),
  fc.record({ kind: fc.constant('release' as const), at: fc.nat(9) }),
);

test('requests in flight stay within their limit; the largest incomplete one is evicted for a smaller one', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
      const inFlight = new InFlight(MAX);
      const model = new Model();
      for (const each of steps) {
        const open = model.all.filter(({ state }) => state !== 'released');
        if (each.kind === 'begin') {
          const share = inFlight.share();
          expectEqual(share !== undefined, model.makesRoom(0, REQUEST));
          if (share !== undefined) model.all.push({ share, bytes: REQUEST, state: 'reading' });
        } else if (open.length > 0) {
          const one = open[each.at % open.length]!;
          if (each.kind === 'piece' && one.state !== 'complete') {
            const cost = each.bytes + PIECE;
            const has = one.state === 'reading' && model.makesRoom(one.bytes, cost);
            expectEqual(one.share.takePiece(each.bytes), has);
            if (has) one.bytes += cost;
          } else if (each.kind === 'complete' && one.state === 'reading') {
            one.share.complete();
            one.state = 'complete';
          } else if (each.kind === 'release') {
            one.share.release();
            one.state = 'released';
          }
        }
        const wrong = model.all.filter(
          ({ share, state }) => state !== 'released' && share.isEvicted !== (state === 'evicted'),
        );
        const found = [inFlight.bytes, wrong.length, model.kept <= MAX];
        expectEqual(found, [model.bytes, 0, true]);
      }
      for (const { share, state } of model.all) if (state !== 'released') share.release();
      expect(inFlight.bytes).toBe(0);
      // All of the room is free again.
      expect(new Array(9).fill(0).map(() => inFlight.share() !== undefined)).toEqual(new Array(9).fill(true));
    }),
    { numRuns: 300 },
  );
});

test('an evicted request is notified, and takes nothing more', async () => {
  const inFlight = new InFlight(MAX);
  const large = inFlight.share()!;
  expect(large.takePiece(30_000)).toBe(true);
  const small = inFlight.share()!;
  expect(small.takePiece(5_000)).toBe(true);
  await large.evicted;
  expect(large.takePiece(0)).toBe(false);
  expect(inFlight.bytes).toBe(2 * REQUEST + 2 * PIECE + 35_000);
  large.release();
  small.complete();
  expect(inFlight.bytes).toBe(REQUEST + PIECE + 5_000);
});
