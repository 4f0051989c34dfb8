import fc from 'fast-check';
import { FlushGate } from '../../src/export/index.ts';

/** A flush that ends when the test ends it, and that detects whether two run at the same time. */
class HeldFlush {
  readonly gate = new FlushGate(() => this.#begin());
  begun = 0;
  ended = 0;
  mostAtOnce = 0;
  #end: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  get running(): number {
    return this.begun - this.ended;
  }

  async end(error?: Error): Promise<void> {
    const { resolve, reject } = this.#end.shift()!;
    this.ended += 1;
    if (error === undefined) resolve();
    else reject(error);
    await turn();
  }

  #begin(): Promise<void> {
    this.begun += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    return new Promise((resolve, reject) => this.#end.push({ resolve, reject }));
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a call flushes at once and resolves when that flush has ended', async () => {
  const flush = new HeldFlush();
  const passed = flush.gate.pass();
  expect(flush.begun).toBe(1);
  await flush.end();
  await passed;
});

test('calls during a running flush share one that starts after it', async () => {
  const flush = new HeldFlush();
  const first = flush.gate.pass();
  const second = flush.gate.pass();
  const third = flush.gate.pass();
  expect(third).toBe(second);
  expect(flush.begun).toBe(1);
  await flush.end();
  await first;
  expect(flush.begun).toBe(2);
  await flush.end();
  await Promise.all([second, third]);
  expect(flush.begun).toBe(2);
});

test('a call at the moment when a flush ends shares the next one with the calls that wait', async () => {
  const flush = new HeldFlush();
  const twice = flush.gate.pass().then(() => flush.gate.pass());
  const waiting = flush.gate.pass();
  await flush.end();
  expect([flush.begun, flush.mostAtOnce]).toEqual([2, 1]);
  await flush.end();
  await Promise.all([twice, waiting]);
});

test('a flush that fails rejects for its own callers only', async () => {
  const flush = new HeldFlush();
  const first = flush.gate.pass();
  const second = flush.gate.pass();
  first.catch(() => {});
  await flush.end(new Error('offline'));
  await expect(first).rejects.toThrow('offline');
  await flush.end();
  await second;
});

test('a flush that throws rejects, and the gate stays usable', async () => {
  let isBroken = true;
  const gate = new FlushGate(() => {
    if (isBroken) throw new Error('broken');
    return Promise.resolve();
  });
  await expect(gate.pass()).rejects.toThrow('broken');
  isBroken = false;
  await gate.pass();
});

test('for any sequence of calls, no two flushes run at once, and each call gets one that started after it', async () => {
  const step = fc.constantFrom('pass', 'pass and again', 'end', 'fail');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const flush = new HeldFlush();
      const passed: Promise<unknown>[] = [];
      const pass = (andThen: () => unknown = () => {}): Promise<unknown> => {
        const begunBefore = flush.begun;
        const check = () => {
          // Flushes run one by one: if more have ended than had started then, one of them started after the
          // call.
          expect(flush.ended).toBeGreaterThan(begunBefore);
          return andThen();
        };
        return flush.gate.pass().then(check, check);
      };
      for (const doStep of steps) {
        if (doStep === 'pass') passed.push(pass());
        else if (doStep === 'pass and again') passed.push(pass(() => pass()));
        else if (flush.running > 0) await flush.end(doStep === 'fail' ? new Error('offline') : undefined);
      }
      while (flush.running > 0) await flush.end();
      await Promise.all(passed);
      expect(flush.mostAtOnce).toBeLessThanOrEqual(1);
      expect(flush.begun).toBe(flush.ended);
    }),
  );
});
