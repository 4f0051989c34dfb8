import type { OwnLog, Sink } from './contract.ts';

/** The version of this contract. A daemon refuses a plugin of another one. */
export type PluginVersion = 1;

/**
 * What the module of a plugin exports as `plugin`. It is plain data, so a plugin needs `burstlog` for types only.
 *
 * It runs in the process of the daemon, with its rights.
 */
export interface Plugin {
  /** The version of this contract: 1. */
  readonly burstlog: PluginVersion;
  /** The types of sinks that it adds. Default: none. */
  readonly sinks?: readonly PluginSink[] | undefined;
  /** The types of processors that it adds. Default: none. */
  readonly processors?: readonly PluginProcessor[] | undefined;
}

/** A type of sink. Options that every sink has, such as `maxBehind` and `retry`, are added to its own. */
export interface PluginSink<O extends PluginOptions = PluginOptions> {
  /** What `type` says in the configuration: lowercase letters, digits, and -. */
  readonly type: string;
  /** What it is for, in a sentence. */
  readonly meaning: string;
  /** Its options, by their names in the configuration. */
  readonly options: O;
  /**
   * What happens when the sink is too far behind, unless the configuration says otherwise: `skip` drops the oldest
   * records for this sink, `block` makes the receivers wait. Default: `skip`.
   */
  readonly onFull?: 'block' | 'skip' | undefined;
  /**
   * Makes a sink with checked options. It opens nothing yet. What it throws is reported and tried again later, like a
   * sink that cannot be opened.
   */
  make(options: PluginValues<O>, tools: PluginTools): Sink;
}

/**
 * A type of processor, which changes records between the journal and the sinks. `G` is a group of records.
 *
 * The daemon loads the module again in a process of its own and calls `make` there, so a processor shares no variables
 * with sinks of the same module.
 */
export interface PluginProcessor<O extends PluginOptions = PluginOptions, G = never> {
  /** What `type` says in the configuration: lowercase letters, digits, and -. */
  readonly type: string;
  /** What it is for, in a sentence. */
  readonly meaning: string;
  /** Its options, by their names in the configuration. */
  readonly options: O;
  /**
   * Makes a processor with checked options. What it throws is reported and tried again later. The records wait in the
   * journal meanwhile.
   */
  make(
    options: PluginValues<O>,
    tools: Pick<PluginTools, 'name'>,
  ): PluginProcessing<G> | Promise<PluginProcessing<G>>;
}

/** A processor at work. */
export interface PluginProcessing<G> {
  /**
   * Called with one group after the other: records of one resource and one scope. A batch may come again, after a
   * failure, a restart, or for a sink that is behind, so the same records should give the same result.
   *
   * @returns the groups that take the place of the one that it got; none: the records are dropped
   * @throws if these records cannot be processed: their batch becomes a dead letter, or goes on as it is (`onError`)
   */
  process(group: G): readonly G[] | Promise<readonly G[]>;
}

/** The options of a component by their names in the configuration. */
export type PluginOptions = Readonly<Record<string, PluginOption>>;

/** One option. Without `default` and `isOptional` it must be given. */
export interface PluginOption {
  /**
   * `bytes` is a size such as `64KiB`, `millis` a duration such as `10s`; both are numbers for the component. The path of
   * `path` begins at the directory of the configuration file.
   */
  readonly kind: 'text' | 'number' | 'count' | 'bytes' | 'millis' | 'flag' | 'choice' | 'path';
  /** What it is for. */
  readonly meaning: string;
  /** The value where the configuration has none. */
  readonly default?: string | number | boolean | undefined;
  /** It may be left out; its value is then undefined. */
  readonly isOptional?: boolean | undefined;
  /** The value never stands in a message. */
  readonly isSecret?: boolean | undefined;
  /** Bounds of a number. Default: from 0. */
  readonly min?: number | undefined;
  /** The upper bound of a number. Default: none. */
  readonly max?: number | undefined;
  /** The words of a `choice`. */
  readonly names?: readonly string[] | undefined;
  /** What a `text` must fit, and what that is in words: `a URL`. */
  readonly pattern?: RegExp | undefined;
  /** What `pattern` is in words, for messages: `a URL`. */
  readonly expected?: string | undefined;
}

/** The values of options: those that are optional may be undefined. */
export type PluginValues<O extends PluginOptions> = {
  readonly [K in keyof O]: O[K] extends { readonly isOptional: true }
    ? PluginValue<O[K]> | undefined
    : PluginValue<O[K]>;
};

/** A text, a number, true or false, as the kind of the option says. */
export type PluginValue<O extends PluginOption> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'text' | 'choice' | 'path'
    ? string
    : number;

/** What the daemon hands to a sink beside its options. */
export interface PluginTools {
  /** The sink's name in the configuration. */
  readonly name: string;
  /** Writes log records of the daemon's own. */
  readonly log: OwnLog;
  /** 16 random bytes of the journal. With the index of an entry they name the entry, the same after each restart. */
  readonly journalId: Uint8Array;
}

/** Gives a sink its types. It returns what it gets. */
export function definePluginSink<const O extends PluginOptions>(sink: PluginSink<O>): PluginSink {
  return sink as unknown as PluginSink;
}
