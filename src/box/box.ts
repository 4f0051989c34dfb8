import { type Clock, errorText, type ResourceLike } from '../record/index.ts';
import { directOutput, type WriteBytes } from './block-output.ts';
import { type BoxDescription, BoxFile } from './box-file.ts';
import { tagOf } from './box-header.ts';
import type { ResolvedBlackBoxOptions } from './box-options.ts';
import { BoxWriter } from './box-writer.ts';
import type { LastWords, VitalSigns } from './last-words.ts';
import { Entry } from './layout.ts';
import { vitalSigns } from './vital-signs.ts';
import { Watcher } from './watcher.ts';

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
  readonly #watcher: Watcher | undefined;
  #cancelSigns: (() => void) | undefined;
  #cancelBeat: (() => void) | undefined;
  #hasEnded = false;
  #hasFailed = false;

  /** @throws when the file cannot be made */
  constructor(options: ResolvedBlackBoxOptions, description: BoxDescription, clock: Clock, warn: WarnOf) {
    this.#clock = clock;
    this.#warn = warn;
    this.#file = new BoxFile(options.directory, options.bytes, description);
    const { path, blocks } = this.#file;
    const tag = tagOf(this.#file.id);
    const write: WriteBytes = (bytes, from, to, position) =>
      this.#guarded(() => this.#file.write(bytes, from, to, position));
    const { watch, flushMillis, hangMillis } = options;
    const onFailed = (why: string) =>
      warn(`the watcher of the black box ${path} failed, the process writes it: ${why}`);
    this.#watcher = watch
      ? new Watcher({ path, blocks, tag, flushMillis, hangMillis, write, onFailed })
      : undefined;
    if (this.#watcher !== undefined) this.#beat(this.#watcher);
    this.writer = new BoxWriter({
      tag,
      redact: options.redact,
      resourceIndex: (resource) => this.#resourceIndex(resource),
      output: this.#watcher ?? directOutput(blocks, write),
      now: () => clock.now(),
    });
  }

  /** Whether it was closed, or has failed: nothing is written any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether the file could not be written to. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether another thread writes to the file what the writer was given. */
  get isWatched(): boolean {
    return this.#watcher?.isWatching === true;
  }

  get path(): string {
    return this.#file.path;
  }

  /** Writes signs once a second from now on. @param holding how many records are held */
  writeSigns(holding: () => number, flush: () => void): void {
    // What holds is not made yet.
    if (this.#watcher !== undefined) this.#signs(0, 0);
    this.#armSigns(holding, flush);
  }

  #armSigns(holding: () => number, flush: () => void): void {
    const dueAt = this.#clock.monotonicNow() + SIGNS_MILLIS;
    this.#cancelSigns = this.#clock.after(SIGNS_MILLIS, () => {
      if (this.#hasEnded) return;
      this.writer.json(Entry.SIGNS, this.#signs(this.#clock.monotonicNow() - dueAt, holding()));
      flush();
      this.#armSigns(holding, flush);
    });
  }

  #signs(loopDelayMillis: number, holding: number): VitalSigns {
    const signs = vitalSigns(loopDelayMillis, holding);
    this.#watcher?.signs(signs.heapUsed, signs.heapLimit, holding);
    return signs;
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
    this.#watcher?.end();
    this.#hasEnded = true;
    this.#cancelSigns?.();
    this.#cancelBeat?.();
    last();
  }

  /** Shows the watcher that the event loop turns. */
  #beat(watcher: Watcher): void {
    this.#cancelBeat = this.#clock.after(watcher.beatMillis, () => {
      watcher.beat();
      this.#beat(watcher);
    });
  }

  #guarded(work: () => void): void {
    if (this.#hasEnded) return;
    try {
      work();
    } catch (error) {
      this.#hasFailed = true;
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
