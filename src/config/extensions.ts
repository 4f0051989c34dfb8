import type { AnySinkType } from '../component/index.ts';
import type { Patterns } from '../ottl/index.ts';
import type { Fields, Group } from '../settings/index.ts';

/** The parts of the definition that are loaded at run time. */
export interface Extensions {
  /** Compiles regular expressions of rules. Absent if the required package is not installed. */
  readonly patterns?: Patterns | undefined;
  /** The types of sinks that the plugins of the configuration provide. */
  readonly sinkTypes?: readonly AnySinkType[] | undefined;
  readonly processorTypes?: readonly ProcessorType[] | undefined;
  /** Errors of plugins that could not be loaded, by their name in the configuration. */
  readonly pluginProblems?: ReadonlyMap<string, string> | undefined;
}

/** A type of processor, which a plugin provides. */
export interface ProcessorType {
  readonly type: string;
  /** The URL of the module, or the name of a package. */
  readonly module: string;
  /** Options specific to this type. Those that every processor has are added. */
  readonly options: Group<Fields>;
  /** Selects the values of these options from those of a processor. */
  ownOptions(given: object): Readonly<Record<string, unknown>>;
}
