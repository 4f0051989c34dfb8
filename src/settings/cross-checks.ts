import type { CrossCheck, NumberData } from './field.ts';

/** Common checks across options. Paths are relative to the group that has the check: `retry.maxMillis`. */

/** Exactly one of two options. */
export function exactlyOne(first: string, second: string): CrossCheck {
  return {
    at: '',
    problem: (values) => {
      const given = givenOf(values, first, second);
      return given === 1 ? undefined : `needs ${first} or ${second}, got ${given === 0 ? 'neither' : 'both'}`;
    },
  };
}

/** At most one of two options. */
export function notBoth(first: string, second: string): CrossCheck {
  return {
    at: '',
    problem: (values) =>
      givenOf(values, first, second) < 2 ? undefined : `takes ${first} or ${second}, got both`,
  };
}

/** Two options that must be set together. */
export function together(first: string, second: string): CrossCheck {
  return {
    at: '',
    problem: (values) =>
      givenOf(values, first, second) === 1 ? `needs both ${first} and ${second}, got only one` : undefined,
  };
}

/** An amount that must not exceed another one. */
export function atMost(kind: NumberData['kind'], at: string, bound: string, times = 1): CrossCheck {
  return {
    at,
    isRange: true,
    problem: (values, writing) => {
      const [value, max] = [numberAt(values, at), times * numberAt(values, bound)];
      if (!(value > max)) return undefined;
      const what = times === 1 ? writing.key(bound) : `${times} times ${writing.key(bound)}`;
      return `must be at most ${what} (${writing.amount(kind, max)}), got ${writing.amount(kind, value)}`;
    },
  };
}

/** An amount that must not be below another one. */
export function atLeast(kind: NumberData['kind'], at: string, bound: string, times = 1): CrossCheck {
  return {
    at,
    isRange: true,
    problem: (values, writing) => {
      const [value, min] = [numberAt(values, at), times * numberAt(values, bound)];
      if (!(value < min)) return undefined;
      const what = times === 1 ? writing.key(bound) : `${times} times ${writing.key(bound)}`;
      return `must be at least ${what} (${writing.amount(kind, min)}), got ${writing.amount(kind, value)}`;
    },
  };
}

function givenOf(values: Readonly<Record<string, unknown>>, ...names: readonly string[]): number {
  return names.filter((name) => values[name] !== undefined).length;
}

/** The number at a path, or NaN, for which every comparison is false. */
function numberAt(values: unknown, path: string): number {
  let found = values;
  for (const name of path.split('.'))
    found = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
  return Number(found ?? Number.NaN);
}
