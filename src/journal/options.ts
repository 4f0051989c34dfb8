import type { OwnLog } from '../component/index.ts';
import { CLOCK_METHODS, type Clock, systemClock } from '../record/index.ts';
import { checkKnown, duration, shown, wholeNumber, withDefaults, withMethods } from '../settings/index.ts';
import { type Files, nodeFiles } from './files.ts';
import { framesBegin } from './segment-header.ts';

/** How long and how many producers are remembered. */
export interface ProducerOptions {
  /** How many; beyond it the one not seen for the longest time is forgotten. 1 to 1,000,000, default 100,000. */
  readonly maxCount?: number | undefined;
  /** How long one that is silent is remembered, milliseconds. Infinity: for ever. Default 7 days. */
  readonly maxAgeMillis?: number | undefined;
}

export interface JournalOptions {
  /** Where the segments are. Made if it is missing. One journal, one directory; a lock is the caller's. */
  readonly directory: string;
  /** A new segment begins beyond this size, bytes. Default 64 MiB, or a quarter of `maxBytes` if that is less. */
  readonly segmentBytes?: number | undefined;
  /** Size of all segments beyond which the journal is full, bytes. At least `segmentBytes`. Default 8 GiB. */
  readonly maxBytes?: number | undefined;
  /** The disk's floor: with less than this free, the journal is full, bytes. 0: none. Default 256 MiB. */
  readonly minFreeBytes?: number | undefined;
  /** Batches that wait to be written, bytes; beyond it `append` answers `full`. Default 256 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** How much of the newest entries is kept in memory for sinks that keep up, bytes. Default 32 MiB. */
  readonly recentBytes?: number | undefined;
  /** `always`: fdatasync before any acknowledgement. `never`: for tests and for those who may lose. */
  readonly sync?: 'always' | 'never' | undefined;
  readonly producers?: ProducerOptions | undefined;
  readonly clock?: Clock | undefined;
  /** Called once, at the first error of a write or fsync; no append succeeds after it. */
  readonly onFault?: ((error: Error) => void) | undefined;
  /** Where damage and cuts are logged. */
  readonly log?: OwnLog | undefined;
  /** The file system; for tests. */
  readonly files?: Files | undefined;
}

/** Options checked and filled. */
export interface Settings {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  readonly maxQueuedBytes: number;
  readonly recentBytes: number;
  readonly sync: 'always' | 'never';
  readonly maxProducers: number;
  readonly maxAgeMillis: number;
  readonly clock: Clock;
  readonly onFault: (error: Error) => void;
  readonly log: OwnLog;
  readonly files: Files;
}

const MIB = 1_048_576;
/** Places in a segment are four bytes; the last group goes beyond `segmentBytes` by one body at most. */
export const MAX_BODY_BYTES = 1_024 * MIB;
const where = 'Journal.open options';
const known = [
  'directory',
  'segmentBytes',
  'maxBytes',
  'minFreeBytes',
  'maxQueuedBytes',
  'recentBytes',
  'sync',
  'producers',
  'clock',
  'onFault',
  'log',
  'files',
];

/** @throws TypeError, RangeError naming the option, what was expected, and the value */
export function resolve(given: JournalOptions): Settings {
  checkKnown(where, given, known);
  if (typeof given.directory !== 'string' || given.directory === '') {
    throw new TypeError(`directory must be a path, got ${shown(given.directory)}`);
  }
  const producers = given.producers ?? {};
  checkKnown(`${where}.producers`, producers, ['maxCount', 'maxAgeMillis']);
  const { sync = 'always' } = given;
  if (sync !== 'always' && sync !== 'never') {
    throw new TypeError(`sync must be "always" or "never", got ${shown(sync)}`);
  }
  const numbers = withDefaults(
    { maxBytes: 8_192 * MIB, minFreeBytes: 256 * MIB, maxQueuedBytes: 256 * MIB, recentBytes: 32 * MIB },
    pick(given, ['maxBytes', 'minFreeBytes', 'maxQueuedBytes', 'recentBytes']),
  );
  const maxBytes = wholeNumber('maxBytes', numbers.maxBytes, 4 * framesBegin(1));
  const segmentBytes = given.segmentBytes ?? Math.min(64 * MIB, Math.floor(maxBytes / 4));
  const { onFault = () => {} } = given;
  if (typeof onFault !== 'function') {
    throw new TypeError(`onFault must be a function, got ${shown(onFault)}`);
  }
  return {
    directory: given.directory,
    segmentBytes: wholeNumber('segmentBytes', segmentBytes, framesBegin(1), Math.min(maxBytes, 1_024 * MIB)),
    maxBytes,
    minFreeBytes: wholeNumber('minFreeBytes', numbers.minFreeBytes, 0),
    maxQueuedBytes: wholeNumber('maxQueuedBytes', numbers.maxQueuedBytes, 0),
    recentBytes: wholeNumber('recentBytes', numbers.recentBytes, 0),
    sync,
    maxProducers: wholeNumber('producers.maxCount', producers.maxCount ?? 100_000, 1, 1_000_000),
    maxAgeMillis: duration('producers.maxAgeMillis', producers.maxAgeMillis ?? 7 * 86_400_000, 1),
    clock: given.clock === undefined ? systemClock : withMethods<Clock>('clock', given.clock, CLOCK_METHODS),
    onFault,
    log: given.log === undefined ? { emit: () => {} } : withMethods<OwnLog>('log', given.log, ['emit']),
    files: given.files ?? nodeFiles,
  };
}

function pick<T extends object, K extends keyof T>(
  from: T,
  names: readonly K[],
): Partial<Required<Pick<T, K>>> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as Partial<Required<Pick<T, K>>>;
}
