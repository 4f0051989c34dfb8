import { unreachableRules } from '../rules/index.ts';
import { suggestion } from '../settings/index.ts';
import type { WholeConfig } from './cross-checks.ts';

/** What rules and their tests say about sinks, and about each other. */
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
  for (const name of Object.keys(config.processors ?? {})) {
    if (config.rules?.[name] !== undefined) report(`processors.${name}`, 'must not have the name of a rule');
  }
  for (const [name, before] of unreachableRules(config)) {
    report(
      `rules.${name}`,
      `can never apply: with match: first, rule ${before} before it takes every record`,
    );
  }
}
