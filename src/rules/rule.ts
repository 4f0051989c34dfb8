import { compileCondition, compileValue, type Patterns, type ReadText, type Test } from '../ottl/index.ts';
import type { RuleOptions } from './options.ts';
import { Redaction } from './redaction.ts';

/** A compiled rule. */
export interface Rule {
  readonly name: string;
  /** Undefined: every record. */
  readonly test: Test | undefined;
  /** Undefined: all sinks. */
  readonly sinks: ReadonlySet<string> | undefined;
  readonly drop: boolean;
  /** The fraction of records that is kept. */
  readonly sample: number | undefined;
  readonly limit: Limit | undefined;
  readonly redaction: Redaction | undefined;
}

export interface Limit {
  readonly records: number;
  readonly perMillis: number;
  /** Undefined: one limit for all records. */
  readonly key: ReadText | undefined;
}

/** @throws ConditionError or Error for options that `ruleOptions` rejects */
export function compileRule(name: string, options: RuleOptions, patterns: Patterns | undefined): Rule {
  const { when, sinks, drop, sample, limit, redact } = options;
  return {
    name,
    test: when === undefined ? undefined : compileCondition(when, patterns).test,
    sinks: sinks && new Set(sinks),
    drop,
    sample,
    limit: limit && {
      records: limit.records,
      perMillis: limit.perMillis,
      key: limit.key === undefined ? undefined : compileValue(limit.key, patterns),
    },
    redaction: redact && new Redaction(redact, patterns),
  };
}
