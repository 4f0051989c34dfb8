import { parseSeverity, type SeverityLike } from '../record/index.ts';
import { shown } from '../settings/index.ts';

/** A severity for all loggers, or one for each name: `{ default: 'DEBUG', 'noisy.*': 'INFO' }`. */
export type LevelByLogger = SeverityLike | { readonly [loggerName: string]: SeverityLike };

/** Loggers have few names; those of a program that makes them up by the thousand are not all remembered. */
const MAX_NAMES = 10_000;

/**
 * The quietest severity that is taken, by the name of the logger (the instrumentation scope). A name stands
 * for itself; a name that ends in `*` for all that begin so. The longest that matches counts, then `default`.
 */
export class LevelTable {
  /** Set when one level is for all loggers. */
  readonly only: number | undefined;
  readonly #byName = new Map<string, number>();
  readonly #prefixes: { readonly prefix: string; readonly level: number }[] = [];
  readonly #default: number;

  /** @throws RangeError or TypeError when a level is no severity, or above `emitLevel` */
  constructor(level: unknown, otherwise: number, emitLevel: number) {
    const byName =
      typeof level === 'object' && level !== null ? (level as Record<string, unknown>) : { default: level };
    if (Array.isArray(level))
      throw new TypeError(`level must be a severity or an object, got ${shown(level)}`);
    this.#default = byName.default === undefined ? otherwise : parseSeverity('level', byName.default);
    for (const [name, value] of Object.entries(byName)) {
      const option = name === 'default' ? 'level' : `level[${JSON.stringify(name)}]`;
      const found = value === undefined ? this.#default : parseSeverity(option, value);
      if (found > emitLevel) {
        throw new RangeError(`${option} must not be above emitLevel (${emitLevel}), got ${shown(value)}`);
      }
      if (name === 'default') continue;
      if (name.endsWith('*')) this.#prefixes.push({ prefix: name.slice(0, -1), level: found });
      else this.#byName.set(name, found);
    }
    this.#prefixes.sort((one, other) => other.prefix.length - one.prefix.length);
    this.only = this.#byName.size + this.#prefixes.length === 0 ? this.#default : undefined;
  }

  /** The level of a logger. Asked for every record: the answer for a name is found once. */
  of(loggerName: string): number {
    const known = this.#byName.get(loggerName);
    if (known !== undefined) return known;
    if (typeof loggerName !== 'string') return this.#default;
    const fits = this.#prefixes.find(({ prefix }) => loggerName.startsWith(prefix));
    const level = fits?.level ?? this.#default;
    if (this.#byName.size < MAX_NAMES) this.#byName.set(loggerName, level);
    return level;
  }
}
