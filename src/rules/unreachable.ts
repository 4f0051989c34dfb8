import type { Matching } from './sink-view.ts';

interface RulesInput {
  readonly match?: Matching | undefined;
  readonly rules?: Readonly<Record<string, Selection | undefined>> | undefined;
}

/** The condition and the sinks of a rule. */
interface Selection {
  readonly when?: string | undefined;
  readonly sinks?: readonly (string | undefined)[] | undefined;
}

/**
 * Rules that can never apply, each with the rule that precedes it: with `match: first`, a rule after one that
 * matches every record.
 */
export function unreachableRules({ rules, match }: RulesInput): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (match !== 'first') return found;
  const before: (readonly [name: string, sinks: Selection['sinks']])[] = [];
  for (const [name, rule] of Object.entries(rules ?? {})) {
    const { when, sinks } = rule ?? {};
    const first = before.find(
      ([, taken]) => taken === undefined || sinks?.every((sink) => taken.includes(sink)),
    );
    if (first !== undefined) found.set(name, first[0]);
    else if (when === undefined && rule !== undefined) before.push([name, sinks]);
  }
  return found;
}
