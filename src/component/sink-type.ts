import type { Fields, Group, Presence, Values } from '../settings/index.ts';
import type { OwnLog, Sink } from './contract.ts';

/** What depends on the type of a sink: which ones make the receivers wait, and which ones rather miss records. */
export interface DeliveryDefaults {
  /** Default of `maxBehind.bytes`. Undefined: half of the journal. */
  readonly behindBytes?: number | undefined;
  /** Default of `maxBehind.ageMillis`. */
  readonly behindMillis: number;
  readonly onFull: 'block' | 'skip';
}

/** Where the options of a sink are completed: its name, and directories with absolute paths. */
export interface SinkPlace {
  readonly name: string;
  /** The data directory of the daemon. */
  readonly data: string;
  /** The directory in it that files of sinks may be in. */
  readonly logs: string;
}

/** What the daemon hands to a sink beside its options. */
export interface SinkTools {
  /** The sink's name in the configuration. */
  readonly name: string;
  readonly log: OwnLog;
  /** 16 random bytes, made with the journal that the sink reads. */
  readonly journalId: Uint8Array;
  /** Whether the journal's entries have the indexes that they had in a journal of this id, 32 hex digits. */
  readonly continues: (journal: string) => boolean;
  /** What a file holds that an option names with its `contents`; it was read and checked before. */
  readonly contents: (file: string) => Buffer | undefined;
  /** Where the compiled `store/store-program` is. Undefined: no store can be opened. */
  readonly storeProgram?: URL | undefined;
}

/** A type of sink, as the configuration names it: its options, and how one is made. */
export interface SinkType<F extends Fields = Fields> {
  /** What `type` says in the configuration. */
  readonly type: string;
  /** Its own options. Those that every sink has (`maxBehind`, `retry`, ...) are added. */
  readonly options: Group<F, Presence, never>;
  readonly delivery: DeliveryDefaults;
  /**
   * Fills in options that depend on the sink's name or on the data directory. Options that are not valid are missing.
   * @returns the options to add
   */
  complete?(given: Partial<Values<F>>, place: SinkPlace): Partial<Values<F>>;
  /** Makes a sink; opens nothing yet. The options are checked and complete. */
  make(options: Values<F>, tools: SinkTools): Sink;
}

/** Any type of sink: what its options are is known to itself. */
export interface AnySinkType extends Omit<SinkType, 'complete' | 'make'> {
  complete?(given: object, place: SinkPlace): object;
  make(options: object, tools: SinkTools): Sink;
}

/** Defines a type of sink; the types of its options come from their definition. */
export function sinkType<F extends Fields>(definition: SinkType<F>): SinkType<F> {
  return definition;
}
