import { listed } from '../settings/index.ts';
import type { Environment } from './environment.ts';

/**
 * Reads the variables of the OpenTelemetry specification. Invalid values are reported; then the default
 * applies.
 */
export class OtelEnvironment {
  readonly #environment: Environment;
  readonly #report: (message: string) => void;

  constructor(environment: Environment, report: (message: string) => void) {
    this.#environment = environment;
    this.#report = report;
  }

  /** Returns the first of these variables that is set; an empty one counts as not set. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.#environment[name]?.trim();
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  }

  /** Returns the distinct values of a list in order; undefined if it is not set. */
  list(name: string): readonly string[] | undefined {
    const values = this.text(name)
      ?.split(',')
      .map((value) => value.trim());
    return values === undefined ? undefined : [...new Set(values.filter((value) => value !== ''))];
  }

  /** Like `list`, without unknown values, which are reported. */
  choices(name: string, known: readonly string[]): readonly string[] | undefined {
    return this.list(name)?.filter((value) => {
      if (known.includes(value)) return true;
      this.#report(`${name} must be a list of ${listed(known)}, got ${JSON.stringify(value)}; it is ignored`);
      return false;
    });
  }

  /** Returns one of these words; any other value is reported and ignored. */
  choice<const T extends string>(known: readonly T[], ...names: readonly string[]): T | undefined {
    const value = this.text(...names);
    const found = known.find((word) => word === value);
    if (value !== undefined && found === undefined) {
      this.#report(
        `${names.join(', ')} must be ${listed(known)}, got ${JSON.stringify(value)}; it is ignored`,
      );
    }
    return found;
  }

  /** `true` in any case is true; every other value is false, as the specification requires. */
  isTrue(name: string): boolean {
    const value = this.text(name)?.toLowerCase();
    if (value !== undefined && value !== 'true' && value !== 'false') {
      this.#report(`${name} must be true or false, got ${JSON.stringify(value)}; it is false`);
    }
    return value === 'true';
  }

  /** Returns a number from `min` to `max`, from the first of these variables that is set. */
  number(min: number, max: number, ...names: readonly string[]): number | undefined {
    const text = this.text(...names);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (value >= min && value <= max) return value;
    const upTo = max === Number.POSITIVE_INFINITY ? '' : ` to ${max}`;
    this.#report(
      `${names.join(', ')} must be a number from ${min}${upTo}, got ${JSON.stringify(text)}; it is ignored`,
    );
    return undefined;
  }

  /** Like `number`, rounded down to a whole number. */
  count(min: 0 | 1, ...names: readonly string[]): number | undefined {
    const value = this.number(min, Number.POSITIVE_INFINITY, ...names);
    return value === undefined ? undefined : Math.floor(value);
  }
}
