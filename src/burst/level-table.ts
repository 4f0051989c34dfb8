import { parseSeverity, Severity, type SeverityLike } from '../record/index.ts';
import { shown } from '../settings/index.ts';

/** A severity for all loggers, or one for each name: `{ default: 'DEBUG', 'noisy.*': 'INFO' }`. */
export type LevelByLogger = SeverityLike | { readonly [loggerName: string]: SeverityLike };

/** Whether a name is that of a pattern; one that ends in `*` stands for all names that begin so. */
export function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/**
 * The quietest severity that is taken, by the name of the logger (the instrumentation scope). A name stands
 * for itself; a name that ends in `*` for all that begin so. The longest that matches counts, then `default`.
 */
export class LevelTable {
  /** Set when one level is for all loggers. */
  readonly only: number | undefined;
  readonly #byPattern: { readonly pattern: string; readonly level: number }[] = [];
  readonly #default: number;

  /** @throws RangeError when a level is no severity, or above `emitLevel` */
  constructor(level: LevelByLogger, emitLevel: number) {
    const byName: Readonly<Record<string, SeverityLike>> =
      typeof level === 'object' ? level : { default: level };
    this.#default = byName.default === undefined ? Severity.TRACE : parseSeverity('level', byName.default);
    for (const [name, value] of Object.entries(byName)) {
      const option = name === 'default' ? 'level' : `level[${JSON.stringify(name)}]`;
      const found = value === undefined ? this.#default : parseSeverity(option, value);
      if (found > emitLevel) {
        throw new RangeError(`${option} must not be above emitLevel (${emitLevel}), got ${shown(value)}`);
      }
      if (name !== 'default') this.#byPattern.push({ pattern: name, level: found });
    }
    this.#byPattern.sort(({ pattern: one }, { pattern: other }) => weightOf(other) - weightOf(one));
    this.only = this.#byPattern.length === 0 ? this.#default : undefined;
  }

  of(loggerName: string): number {
    return this.#byPattern.find(({ pattern }) => fits(pattern, loggerName))?.level ?? this.#default;
  }
}

/** A whole name goes before all patterns, a longer pattern before a shorter one. */
function weightOf(pattern: string): number {
  return pattern.endsWith('*') ? pattern.length : Number.MAX_SAFE_INTEGER;
}
