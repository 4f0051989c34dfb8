import { type Arena, armImmediate, type Group } from '../record/index.ts';
import type { Burst } from './burst.ts';
import type { Replay } from './replay.ts';

/**
 * How many batches of the replay are moved per turn of the event loop. With batches of 512 records this takes
 * about a millisecond.
 */
const BATCHES_PER_TURN = 8;

/**
 * Moves released items from the arena to the replay in slices. A burst of any size costs the trigger's
 * `emit()` at most one slice; the rest moves in later turns of the event loop, burst by burst.
 */
export class PendingReleases<T> {
  readonly #arena: Arena<T>;
  readonly #replay: Replay<T>;
  readonly #waiting: { readonly group: Group; readonly burst: Burst<T> }[] = [];
  readonly #slice: number;
  #count = 0;
  #isScheduled = false;
  #done: Promise<void> | undefined;
  #resolveDone: () => void = () => {};

  constructor(arena: Arena<T>, replay: Replay<T>) {
    this.#arena = arena;
    this.#replay = replay;
    this.#slice = replay.batch * BATCHES_PER_TURN;
  }

  /** The number of released items that are still in the arena. */
  get count(): number {
    return this.#count;
  }

  /** Detaches all items of a group and starts moving them. The group is empty afterwards. */
  add(group: Group, burst: Burst<T>): void {
    this.#count += group.count;
    this.#waiting.push({ group: this.#arena.detach(group), burst });
    if (!this.#isScheduled) this.#moveSlice();
  }

  /**
   * Moves all items of several groups at once. If the groups contain all items of the arena, the items move
   * in order of arrival; otherwise group by group, each in order of arrival.
   */
  addAll(groups: readonly Group[], burst: Burst<T>): void {
    this.finish();
    const arena = this.#arena;
    const isAll = burst.released === arena.count;
    for (const group of groups) {
      while (isAll ? arena.count > 0 : group.count > 0) {
        this.#moveFirst(isAll ? arena.oldestGroup()! : group, burst);
      }
    }
    arena.shrinkIfEmpty();
    this.#replay.addManifest(burst);
  }

  /** Moves all pending items now. */
  finish(): void {
    while (this.#waiting.length > 0) this.#move(Number.POSITIVE_INFINITY);
    this.#resolveFinished();
  }

  /** Resolves when all pending items have been moved. */
  finished(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    this.#done ??= new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
    return this.#done;
  }

  #moveSlice(): void {
    this.#move(this.#slice);
    if (this.#waiting.length === 0) return this.#resolveFinished();
    this.#isScheduled = true;
    armImmediate(() => {
      this.#isScheduled = false;
      if (this.#waiting.length > 0) this.#moveSlice();
    });
  }

  #move(most: number): void {
    const { group, burst } = this.#waiting[0]!;
    for (let left = most; left > 0 && group.count > 0; left -= 1) {
      this.#moveFirst(group, burst);
      this.#count -= 1;
    }
    if (group.count > 0) return;
    this.#waiting.shift();
    this.#arena.close(group);
    this.#arena.shrinkIfEmpty();
    this.#replay.addManifest(burst);
  }

  #moveFirst(group: Group, burst: Burst<T>): void {
    const size = this.#arena.firstSize(group);
    const cameAt = this.#arena.firstTime(group);
    const number = this.#arena.firstNumber(group);
    this.#replay.addReleased(this.#arena.takeFirst(group), size, cameAt, burst, number);
  }

  #resolveFinished(): void {
    this.#done = undefined;
    this.#resolveDone();
  }
}
