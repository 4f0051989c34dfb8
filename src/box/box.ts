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
/**
 * Characters kept from the beginning and the end of a stack. Even at six bytes per character in JSON they fit
 * into a frame.
 */
const STACK = { first: 800, last: 2_000 };

/** Logs a warning. */
export type WarnOf = (message: string) => void;

/**
 * The box of this process: a file and its writer. If the file fails, the process continues without a box, and
 * a warning is logged.
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

  /** @throws if the file cannot be created */
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
      warn(`the watcher of the black box ${path} failed; the process writes the file itself: ${why}`);
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

  /** Whether the box was closed or has failed. Nothing is written afterwards. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether a write to the file has failed. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether a worker thread writes the file. */
  get isWatched(): boolean {
    return this.#watcher?.isWatching === true;
  }

  get path(): string {
    return this.#file.path;
  }

  /** Starts to write vital signs once a second. @param holding returns the number of held records */
  writeSigns(holding: () => number, flush: () => void): void {
    // The component that holds the records does not exist yet.
    if (this.#watcher !== undefined) this.#signs(0, 0);
    this.#armSigns(holding, flush);
  }

  #armSigns(holding: () => number, flush: () => void): void {
    const dueAt = this.#clock.monotonicNow() + SIGNS_MILLIS;
    this.#cancelSigns = this.#clock.after(SIGNS_MILLIS, () => {
      this.#guarded(() => this.#file.check());
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

  lastWords({ text, isFailure, error }: Omit<LastWords, 'atMillis' | 'stack'> & { error?: unknown }): void {
    const stack = stackOf(error);
    this.writer.json(Entry.LAST_WORDS, { atMillis: Date.now(), text, isFailure, stack });
  }

  /** Closes the file and keeps it for recovery. */
  leave(): void {
    this.#end();
    this.#file.close();
  }

  /** Removes the file after a clean end, even if a write has failed. */
  remove(): void {
    this.#end();
    this.#file.remove();
  }

  #end(): void {
    if (this.#hasEnded) return;
    // If the file has failed, the remaining records are not written.
    this.#hasEnded = this.#hasFailed;
    this.#watcher?.end();
    this.#hasEnded = true;
    this.#cancelSigns?.();
    this.#cancelBeat?.();
  }

  /** Reports to the watcher that the event loop is running. */
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
        `the black box ${this.#file.path} failed; the process continues without it: ${errorText(error)}`,
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

/** Returns the stack of an error without the middle of a long message. Never throws. */
function stackOf(error: unknown): string | undefined {
  try {
    const stack = error instanceof Error ? String(error.stack) : undefined;
    if (stack === undefined || stack.length <= STACK.first + STACK.last) return stack;
    return `${stack.slice(0, STACK.first)}\n...\n${stack.slice(-STACK.last)}`;
  } catch {
    return undefined;
  }
}

/** Returns the attributes of a resource that are available now, without pending ones. */
function plainResource(resource: ResourceLike): ResourceLike {
  const raw = resource as { getRawAttributes?(): [string, unknown][] };
  const entries =
    resource.asyncAttributesPending === true
      ? (raw.getRawAttributes?.() ?? [])
      : Object.entries(resource.attributes);
  return { attributes: Object.fromEntries(entries.filter(([, value]) => isAttributeValue(value))) };
}

/** Excludes pending values and values that JSON cannot represent. */
function isAttributeValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((each) => each == null || isPrimitive(each));
  return isPrimitive(value);
}

const isPrimitive = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
