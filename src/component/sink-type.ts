import type { Fields, Group, Presence, Values } from '../settings/index.ts';
import type { OwnLog, Sink } from './contract.ts';

/**
 * Delivery defaults of a type of sink: whether it makes receivers wait or skips records if it falls behind.
 */
export interface DeliveryDefaults {
  /** Default of `maxBehind.bytes`. Undefined: half of the journal. */
  readonly behindBytes?: number | undefined;
  /** Default of `maxBehind.ageMillis`. */
  readonly behindMillis: number;
  readonly onFull: 'block' | 'skip';
}

/** The values with which the options of a sink are completed: its name, and absolute paths of directories. */
export interface SinkPlace {
  readonly name: string;
  /** The data directory of the daemon. */
  readonly data: string;
  /** The directory inside it where sinks may write files. */
  readonly logs: string;
}

/** The tools that the daemon passes to a sink in addition to its options. */
export interface SinkTools {
  /** The sink's name in the configuration. */
  readonly name: string;
  readonly log: OwnLog;
  /** 16 random bytes, generated when the journal that the sink reads was created. */
  readonly journalId: Uint8Array;
  /** Whether the journal's entries have the same indexes as in a journal with this id, 32 hex digits. */
  readonly continues: (journal: string) => boolean;
  /** The content of a file that is named by an option with `contents`; it was read and checked before. */
  readonly contents: (file: string) => Buffer | undefined;
  /** The URL of the compiled `store/store-program`. Undefined: no store can be opened. */
  readonly storeProgram?: URL | undefined;
}

/** A type of sink: its name in the configuration, its options, and a factory. */
export interface SinkType<F extends Fields = Fields> {
  /** The value of `type` in the configuration. */
  readonly type: string;
  /** Options specific to this type. Those that every sink has (`maxBehind`, `retry`, ...) are added. */
  readonly options: Group<F, Presence, never>;
  readonly delivery: DeliveryDefaults;
  /**
   * Sets options that depend on the sink's name or on the data directory. Invalid options are missing.
   * @returns the options to add
   */
  complete?(given: Partial<Values<F>>, place: SinkPlace): Partial<Values<F>>;
  /** Creates a sink without opening it. The options are checked and complete. */
  make(options: Values<F>, tools: SinkTools): Sink;
}

/** A type of sink with unknown option types. */
export interface AnySinkType extends Omit<SinkType, 'complete' | 'make'> {
  complete?(given: object, place: SinkPlace): object;
  make(options: object, tools: SinkTools): Sink;
}

/** Defines a type of sink; the types of its options are inferred from their definition. */
export function sinkType<F extends Fields>(definition: SinkType<F>): SinkType<F> {
  return definition;
}
