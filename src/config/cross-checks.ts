import { collides } from '../net/index.ts';
import { checkRules } from './cross-checks-rules.ts';
import { checkSinks } from './cross-checks-sinks.ts';
import type { DaemonConfig, Partly } from './daemon-config.ts';
import type { Extensions } from './extensions.ts';
import type { NamedFile } from './file-form.ts';
import { type Listener, listenersOf } from './listeners.ts';

/** The input of the checks across components. */
export interface WholeConfig {
  /** Complete, except for invalid values, which were already reported. */
  readonly config: Partly<DaemonConfig> & { readonly data: string };
  readonly files: readonly NamedFile[];
  readonly extensions: Extensions;
  /** Whether the file sets the key. */
  readonly has: (path: string) => boolean;
  /** Reports an error at the key that should be changed. */
  readonly report: (path: string, message: string) => void;
}

/**
 * Checks options of different components against each other. Checks within one component are in its
 * definition.
 */
export function crossCheck(whole: WholeConfig): void {
  const listeners = listenersOf(whole.config);
  checkListeners(whole, listeners);
  checkSinks(whole, listeners);
  checkRules(whole);
  checkPlugins(whole);
}

/** Reports modules that could not be loaded. */
function checkPlugins({ config, extensions, report }: WholeConfig): void {
  for (const name of config.plugins ?? []) {
    const problem = name === undefined ? undefined : extensions.pluginProblems?.get(name);
    if (problem !== undefined) report('plugins', `${JSON.stringify(name)} ${problem}`);
  }
}

/** Every address can be opened only once. */
function checkListeners({ has, report }: WholeConfig, listeners: readonly Listener[]): void {
  for (const [index, listener] of listeners.entries()) {
    const taken = listeners.slice(0, index).find((other) => isSame(listener, other));
    if (taken === undefined) continue;
    const what = listener.address === undefined ? listener.socket : `port ${listener.address.port}`;
    // Reports the later of the two, unless it is a default and the other is not.
    const isDefault = !has(`${listener.path}.endpoint`) && has(`${taken.path}.endpoint`);
    const [wrong, other] = isDefault ? [taken, listener] : [listener, taken];
    report(`${wrong.path}.endpoint`, `must be an unused address: ${what} is used by ${other.path}.endpoint`);
  }
}

function isSame(a: Listener, b: Listener): boolean {
  if (a.address !== undefined && b.address !== undefined) return collides(a.address, b.address);
  return a.socket !== undefined && a.socket === b.socket;
}
