import { unreachableRules } from '../rules/index.ts';
import { suggestion } from '../settings/index.ts';
import type { WholeConfig } from './cross-checks.ts';

/** Limits the cost per record, since every rule is evaluated for every record. */
const MAX_RULES = 1_000;
/** Limits the number of processes, one for each processor. */
const MAX_PROCESSORS = 16;

/** Checks rules and their tests against sinks and against each other. */
export function checkRules({ config, report }: WholeConfig): void {
  const sinks = (config.sinks ?? []).flatMap((sink) => (sink?.name === undefined ? [] : [sink.name]));
  const check = (path: string, names: readonly (string | undefined)[] | undefined) => {
    for (const name of names ?? []) {
      if (name === undefined || sinks.includes(name)) continue;
      const hint = suggestion(name, sinks);
      report(path, `must be names of sinks, got ${JSON.stringify(name)}${hint}`);
    }
  };
  for (const kind of ['rules', 'tests'] as const) {
    for (const [name, each] of Object.entries(config[kind] ?? {}))
      check(`${kind}.${name}.sinks`, each?.sinks);
  }
  const most = { rules: MAX_RULES, processors: MAX_PROCESSORS };
  for (const kind of ['rules', 'processors'] as const) {
    const count = Object.keys(config[kind] ?? {}).length;
    if (count > most[kind]) report(kind, `must be at most ${most[kind]} ${kind}, got ${count}`);
  }
  for (const name of Object.keys(config.processors ?? {})) {
    if (config.rules?.[name] !== undefined) report(`processors.${name}`, 'must not have the name of a rule');
  }
  for (const [name, before] of unreachableRules(config)) {
    report(
      `rules.${name}`,
      `can never apply: with match: first, the preceding rule ${before} matches every record`,
    );
  }
}
