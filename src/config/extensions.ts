import type { AnySinkType } from '../component/index.ts';
import type { Patterns } from '../ottl/index.ts';

/** What is known only once the configuration begins to be read. */
export interface Extensions {
  /** Compiles regular expressions of rules. Absent: the package for them is not installed. */
  readonly patterns?: Patterns | undefined;
  /** The types of sinks that the plugins of the configuration bring along. */
  readonly sinkTypes?: readonly AnySinkType[] | undefined;
  /** Why plugins could not be loaded, by their name in the configuration. */
  readonly pluginProblems?: ReadonlyMap<string, string> | undefined;
}
