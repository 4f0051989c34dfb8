import { parseSeverity, Severity, type SeverityLike } from '../record/index.ts';
import { shown } from '../settings/index.ts';

/** A severity for all loggers, or one per logger name: `{ default: 'DEBUG', 'noisy.*': 'INFO' }`. */
export type LevelByLogger = SeverityLike | { readonly [loggerName: string]: SeverityLike };

/** Whether a name matches a pattern. A pattern that ends in `*` matches all names with that prefix. */
export function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/**
 * The minimum severity by logger name (instrumentation scope). A pattern that ends in `*` matches all names
 * with that prefix. The longest matching pattern applies, otherwise `default`.
 */
export class LevelTable {
  /** Set if one level applies to all loggers. */
  readonly only: number | undefined;
  readonly #byPattern: { readonly pattern: string; readonly level: number }[] = [];
  readonly #default: number;

  /** @throws RangeError if a level is not a severity, or above `emitLevel` */
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
    this.#byPattern.sort(({ pattern: one }, { pattern: other }) => rankOfPattern(other) - rankOfPattern(one));
    this.only = this.#byPattern.length === 0 ? this.#default : undefined;
  }

  of(loggerName: string): number {
    return this.#byPattern.find(({ pattern }) => matches(pattern, loggerName))?.level ?? this.#default;
  }
}

/** Ranks patterns: exact names before prefixes, longer prefixes before shorter ones. */
function rankOfPattern(pattern: string): number {
  return pattern.endsWith('*') ? pattern.length : Number.MAX_SAFE_INTEGER;
}
