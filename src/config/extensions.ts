import type { AnySinkType } from '../component/index.ts';
import type { Patterns } from '../ottl/index.ts';
import type { Fields, Group } from '../settings/index.ts';

/** What is known only once the configuration begins to be read. */
export interface Extensions {
  /** Compiles regular expressions of rules. Absent: the package for them is not installed. */
  readonly patterns?: Patterns | undefined;
  /** The types of sinks that the plugins of the configuration bring along. */
  readonly sinkTypes?: readonly AnySinkType[] | undefined;
  readonly processorTypes?: readonly ProcessorType[] | undefined;
  /** Why plugins could not be loaded, by their name in the configuration. */
  readonly pluginProblems?: ReadonlyMap<string, string> | undefined;
}

/** A type of processor, which a plugin brings along. */
export interface ProcessorType {
  readonly type: string;
  /** The URL of the module, or the name of a package. */
  readonly module: string;
  /** Its own options. Those that every processor has are added. */
  readonly options: Group<Fields>;
  /** The values of these options, of the values of a whole processor. */
  ownOptions(given: object): Readonly<Record<string, unknown>>;
}
