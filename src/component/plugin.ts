import type { OwnLog, Sink } from './contract.ts';

/** The version of this contract. A daemon refuses a plugin with a different version. */
export type PluginVersion = 1;

/**
 * The object that a plugin's module exports as `plugin`. It is plain data, so a plugin needs `burstlog` only
 * for types.
 *
 * The plugin runs in the process of the daemon, with its privileges.
 */
export interface Plugin {
  /** The version of this contract: 1. */
  readonly burstlog: PluginVersion;
  /** The types of sinks that it adds. Default: none. */
  readonly sinks?: readonly PluginSink[] | undefined;
  /** The types of processors that it adds. Default: none. */
  readonly processors?: readonly PluginProcessor[] | undefined;
}

/**
 * A type of sink. Options that every sink has, such as `maxBehind` and `retry`, are added to those of the
 * plugin.
 */
export interface PluginSink<O extends PluginOptions = PluginOptions> {
  /** The value of `type` in the configuration: lowercase letters, digits, and -. */
  readonly type: string;
  /** A description in one sentence. */
  readonly meaning: string;
  /** Its options, by their names in the configuration. */
  readonly options: O;
  /**
   * The behavior if the sink is too far behind, unless the configuration overrides it: `skip` drops the
   * oldest records for this sink, `block` makes the receivers wait. Default: `skip`.
   */
  readonly onFull?: 'block' | 'skip' | undefined;
  /**
   * Creates a sink with checked options, without opening it. If it throws, the error is reported and the call
   * is retried, as for a sink that cannot be opened.
   */
  make(options: PluginValues<O>, tools: PluginTools): Sink;
}

/**
 * A type of processor, which changes records between the journal and the sinks. `G` is a group of records.
 *
 * The daemon loads the module again in a separate process and calls `make` there, so a processor shares no
 * variables with sinks of the same module.
 */
export interface PluginProcessor<O extends PluginOptions = PluginOptions, G = never> {
  /** The value of `type` in the configuration: lowercase letters, digits, and -. */
  readonly type: string;
  /** A description in one sentence. */
  readonly meaning: string;
  /** Its options, by their names in the configuration. */
  readonly options: O;
  /**
   * Creates a processor with checked options. If it throws, the error is reported and the call is retried. In
   * the meantime the records wait in the journal.
   */
  make(
    options: PluginValues<O>,
    tools: Pick<PluginTools, 'name'>,
  ): PluginProcessing<G> | Promise<PluginProcessing<G>>;
}

/** A running processor. */
export interface PluginProcessing<G> {
  /**
   * Called with one group at a time: records of one resource and one scope. A batch may be processed again,
   * after a failure, a restart, or for a sink that is behind, so the same records should give the same
   * result.
   *
   * @returns the groups that replace the given one; an empty array drops the records
   * @throws if these records cannot be processed: their batch becomes a dead letter, or is passed on
   * unchanged (`onError`)
   */
  process(group: G): readonly G[] | Promise<readonly G[]>;
}

/** The options of a component, by their names in the configuration. */
export type PluginOptions = Readonly<Record<string, PluginOption>>;

/** One option. Without `default` and `isOptional` it is required. */
export interface PluginOption {
  /**
   * `bytes` is a size such as `64KiB`, `millis` a duration such as `10s`; the component receives both as
   * numbers. A `path` is relative to the directory of the configuration file.
   */
  readonly kind: 'text' | 'number' | 'count' | 'bytes' | 'millis' | 'flag' | 'choice' | 'path';
  /** A description of the option. */
  readonly meaning: string;
  /** The value if the configuration does not set it. */
  readonly default?: string | number | boolean | undefined;
  /** It may be omitted; its value is then undefined. */
  readonly isOptional?: boolean | undefined;
  /** The value is never shown in a message. */
  readonly isSecret?: boolean | undefined;
  /** Bounds of a number. Default: from 0. */
  readonly min?: number | undefined;
  /** The upper bound of a number. Default: none. */
  readonly max?: number | undefined;
  /** The values of a `choice`. */
  readonly names?: readonly string[] | undefined;
  /** The pattern that a `text` must match. */
  readonly pattern?: RegExp | undefined;
  /** A description of `pattern` for messages: `a URL`. */
  readonly expected?: string | undefined;
}

/** The values of options; optional ones may be undefined. */
export type PluginValues<O extends PluginOptions> = {
  readonly [K in keyof O]: O[K] extends { readonly isOptional: true }
    ? PluginValue<O[K]> | undefined
    : PluginValue<O[K]>;
};

/** A string, a number or a boolean, depending on the kind of the option. */
export type PluginValue<O extends PluginOption> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'text' | 'choice' | 'path'
    ? string
    : number;

/** The tools that the daemon passes to a sink in addition to its options. */
export interface PluginTools {
  /** The sink's name in the configuration. */
  readonly name: string;
  /** Writes log records of the daemon itself. */
  readonly log: OwnLog;
  /**
   * 16 random bytes of the journal. Together with the index of an entry they identify the entry across
   * restarts.
   */
  readonly journalId: Uint8Array;
}

/** Infers the types of a sink's options. Returns its argument. */
export function definePluginSink<const O extends PluginOptions>(sink: PluginSink<O>): PluginSink {
  return sink as unknown as PluginSink;
}
