import { type Clock, errorText, type ResourceLike } from '../record/index.ts';
import { type BoxDescription, BoxFile } from './box-file.ts';
import { tagOf } from './box-header.ts';
import type { ResolvedBlackBoxOptions } from './box-options.ts';
import { BoxWriter } from './box-writer.ts';
import type { LastWords } from './last-words.ts';
import { Entry } from './layout.ts';
import { vitalSigns } from './vital-signs.ts';

const SIGNS_MILLIS = 1_000;
const MAX_RESOURCES = 64;

/** Where a box reports what went wrong. */
export type WarnOf = (message: string) => void;

/**
 * The box of this process: a file, and what writes to it. Whatever goes wrong with the file, the process runs
 * on without a box, and a warning says so.
 */
export class Box {
  readonly writer: BoxWriter;
  readonly #file: BoxFile;
  readonly #clock: Clock;
  readonly #warn: WarnOf;
  readonly #resources: ResourceLike[] = [];
  readonly #resourceIndexes = new Map<unknown, number>();
  #cancelSigns: (() => void) | undefined;
  #hasEnded = false;

  /** @throws when the file cannot be made */
  constructor(options: ResolvedBlackBoxOptions, description: BoxDescription, clock: Clock, warn: WarnOf) {
    this.#clock = clock;
    this.#warn = warn;
    this.#file = new BoxFile(options.directory, options.bytes, description);
    this.writer = new BoxWriter({
      tag: tagOf(this.#file.id),
      blocks: this.#file.blocks,
      redact: options.redact,
      resourceIndex: (resource) => this.#resourceIndex(resource),
      write: (bytes, from, to, position) => this.#guarded(() => this.#file.write(bytes, from, to, position)),
      now: () => clock.now(),
    });
  }

  /** Whether it was closed, or has failed: nothing is written any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get path(): string {
    return this.#file.path;
  }

  /** Writes signs once a second from now on. @param holding how many records are held */
  watch(holding: () => number, flush: () => void): void {
    const dueAt = this.#clock.monotonicNow() + SIGNS_MILLIS;
    this.#cancelSigns = this.#clock.after(SIGNS_MILLIS, () => {
      if (this.#hasEnded) return;
      this.writer.json(Entry.SIGNS, vitalSigns(this.#clock.monotonicNow() - dueAt, holding()));
      flush();
      this.watch(holding, flush);
    });
  }

  lastWords(words: Omit<LastWords, 'atMillis'>): void {
    this.writer.json(Entry.LAST_WORDS, { atMillis: Date.now(), ...words });
  }

  /** Leaves the file to whoever recovers it. */
  leave(): void {
    this.#end(() => this.#file.close());
  }

  /** A clean end: there is nothing to recover. */
  remove(): void {
    this.#end(() => this.#file.remove());
  }

  #end(last: () => void): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#cancelSigns?.();
    last();
  }

  #guarded(work: () => void): void {
    if (this.#hasEnded) return;
    try {
      work();
    } catch (error) {
      this.#warn(
        `the black box ${this.#file.path} failed, the process runs on without it: ${errorText(error)}`,
      );
      this.leave();
    }
  }

  #resourceIndex(resource: unknown): number {
    const known = this.#resourceIndexes.get(resource);
    if (known !== undefined) return known;
    if (this.#resources.length >= MAX_RESOURCES) return 0;
    const index = this.#resources.length;
    this.#resourceIndexes.set(resource, index);
    this.#resources.push(plainResource(resource as ResourceLike));
    this.#guarded(() => this.#file.setResources(this.#resources));
    const { asyncAttributesPending, waitForAsyncAttributes } = resource as ResourceLike;
    if (asyncAttributesPending === true && waitForAsyncAttributes !== undefined) {
      waitForAsyncAttributes.call(resource).then(
        () => {
          this.#resources[index] = plainResource(resource as ResourceLike);
          this.#guarded(() => this.#file.setResources(this.#resources));
        },
        () => {},
      );
    }
    return index;
  }
}

/** Attributes of a resource that are known now, without the promises of those that are not. */
function plainResource(resource: ResourceLike): ResourceLike {
  const raw = resource as { getRawAttributes?(): [string, unknown][] };
  const entries =
    resource.asyncAttributesPending === true
      ? (raw.getRawAttributes?.() ?? [])
      : Object.entries(resource.attributes);
  const known = entries.filter(([, value]) => typeof value !== 'object' || Array.isArray(value));
  return { attributes: Object.fromEntries(known) };
}
