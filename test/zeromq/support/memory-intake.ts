import { randomBytes } from 'node:crypto';
import type { Accepted, Batch, Intake } from '../../../src/component/index.ts';

interface Waiting {
  readonly batch: Batch;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: Error) => void;
}

/** A journal in memory that follows the daemon's contract, group by group. */
export class MemoryIntake implements Intake {
  readonly id: Uint8Array;
  /** The bodies of its batches as text, in order. */
  readonly texts: string[] = [];
  readonly batches: Batch[] = [];
  /** If set, the next batches get this answer and are not accepted. */
  fullForMillis: number | undefined;
  /** The batches, by their body's text, for which it is full. */
  fullFor: (text: string) => boolean = () => true;
  /** If set, appends fail. */
  broken: Error | undefined;
  appends = 0;
  readonly #last = new Map<string, number>();
  #waiting: Waiting[] = [];
  #isHeld = false;
  #isScheduled = false;
  #watchers: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  constructor(id: Uint8Array = randomBytes(16)) {
    this.id = id;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  lastSeq(producer: Uint8Array): number {
    return this.#last.get(Buffer.from(producer).toString('hex')) ?? 0;
  }

  forget(): void {
    this.#last.clear();
  }

  append(batch: Batch): Promise<Accepted> {
    this.appends += 1;
    const promise = new Promise<Accepted>((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
    });
    this.#schedule();
    this.#watch();
    return promise;
  }

  /** Nothing is written until `release()`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#schedule();
  }

  /** Resolves when this is true; checked after each change. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push({ isDone, resolve });
      this.#watch();
    });
  }

  #schedule(): void {
    if (this.#isHeld || this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isHeld) return;
      for (const { batch, resolve, reject } of this.#waiting.splice(0)) {
        if (this.broken !== undefined) reject(this.broken);
        else resolve(this.#take(batch));
      }
      this.#watch();
    });
  }

  #take(batch: Batch): Accepted {
    const text = Buffer.from(batch.body).toString();
    if (this.fullForMillis !== undefined && this.fullFor(text)) {
      return { kind: 'full', retryAfterMillis: this.fullForMillis };
    }
    if (batch.origin !== undefined) {
      const { producer, seq, prev } = batch.origin;
      const last = this.lastSeq(producer);
      if (seq <= last) return { kind: 'duplicate', last };
      if (prev > last) return { kind: 'gap', last };
      this.#last.set(Buffer.from(producer).toString('hex'), seq);
    }
    this.batches.push(batch);
    this.texts.push(text);
    return { kind: 'accepted', index: this.batches.length };
  }

  #watch(): void {
    for (const { isDone, resolve } of this.#watchers) if (isDone()) resolve();
    this.#watchers = this.#watchers.filter(({ isDone }) => !isDone());
  }
}
