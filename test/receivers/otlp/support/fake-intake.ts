import type { Accepted, Batch, Intake } from '../../../../src/component/contract.ts';

/** A journal in memory. */
export class FakeIntake implements Intake {
  readonly id = new Uint8Array(16);
  readonly batches: Batch[] = [];
  /** The answer of the next appends; undefined: they are accepted. */
  answer: Accepted | Error | undefined;
  #held: (() => void)[] | undefined;
  #watchers: (() => void)[] = [];
  /** How often it was called. */
  appends = 0;

  lastSeq(): number {
    return 0;
  }

  /** Nothing is written until `release()`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  /** Resolves when it was called this many times. */
  async called(times: number): Promise<void> {
    while (this.appends < times) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  async append(batch: Batch): Promise<Accepted> {
    this.appends += 1;
    for (const resolve of this.#watchers.splice(0)) resolve();
    const held = this.#held;
    if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve));
    const { answer } = this;
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    this.batches.push(batch);
    return { kind: 'accepted', index: this.batches.length };
  }
}
