import { compileCondition, compileValue, type Patterns } from '../ottl/index.ts';
import { problemText } from '../record/index.ts';
import {
  type CrossCheck,
  count,
  flag,
  group,
  list,
  millis,
  number,
  text,
  type Values,
} from '../settings/index.ts';
import { compiledPattern } from './redaction.ts';

/** Names of sinks in rules and their tests. Whether they exist is checked with the complete configuration. */
export const sinkNames = text({
  type: 'name',
  expected: 'the name of a sink',
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
  meaning: 'A sink.',
  example: 'archive',
});

const ruleFields = {
  when: text({
    type: 'condition',
    expected: 'a condition, such as severity_number >= SEVERITY_NUMBER_WARN',
    pattern: /\S/,
    absent: 'every record',
    meaning:
      'The records that the rule applies to: a condition in OTTL, the language of the Collector. See docs/rules.md.',
    example: 'severity_number >= SEVERITY_NUMBER_ERROR',
  }),
  sinks: list(sinkNames, {
    absent: 'all sinks',
    meaning:
      'The sinks that the rule applies to. A sink that is named by rules receives only the records that match these rules; a sink that no rule names receives every record.',
  }),
  drop: flag({
    default: false,
    meaning: 'The sinks do not receive these records. Can only be combined with `when` and `sinks`.',
  }),
  sample: number({
    min: 0,
    max: 1,
    isAbove: true,
    absent: 'every record',
    meaning:
      'The fraction of the records that the sinks receive, such as 0.1. Records of one trace are kept or dropped together.',
    example: '0.1',
  }),
  limit: group(
    {
      records: count({
        min: 1,
        max: 1_000_000_000,
        meaning: 'The maximum number of records per period, which is also the maximum burst.',
        example: '1000',
      }),
      perMillis: millis({
        min: 1_000,
        max: 86_400_000,
        default: 60_000,
        meaning: 'The period, in which the limit is refilled continuously.',
      }),
      key: text({
        type: 'path',
        expected: 'a path, such as resource.attributes["service.name"]',
        pattern: /\S/,
        absent: 'one limit for all records',
        meaning: 'Each value of this path has a separate limit.',
        example: 'resource.attributes["service.name"]',
      }),
    },
    {
      absent: 'no limit',
      meaning: 'The maximum rate of records for the sinks; records above it are dropped.',
    },
  ),
  redact: group(
    {
      keys: list(
        text({
          expected: 'an attribute key',
          pattern: /\S/,
          meaning: 'A key.',
          example: '"*password*"',
        }),
        {
          absent: 'none',
          meaning:
            'The values of these keys are replaced, in attributes of record, scope and resource, and in maps at any depth. `*` stands for any characters; case does not matter.',
        },
      ),
      patterns: list(
        text({
          type: 'pattern',
          expected: 'a regular expression',
          pattern: /./,
          meaning: 'A regular expression in the syntax of RE2.',
          example: '"[0-9]{13,16}"',
        }),
        {
          absent: 'none',
          meaning: 'Matches in bodies and in attribute values are replaced.',
        },
      ),
      replacement: text({
        expected: 'a string of at most 100 characters',
        pattern: /^.{0,100}$/s,
        default: 'REDACTED',
        meaning: 'The replacement text.',
      }),
    },
    {
      absent: 'nothing',
      meaning: 'Replaces parts of the records before the sinks receive them.',
      checks: [
        {
          at: '',
          problem: ({ keys, patterns: given }) =>
            keys === undefined && given === undefined ? 'needs keys or patterns, got neither' : undefined,
        },
      ],
    },
  ),
};

/**
 * The options of a rule.
 *
 * @param patterns compiles regular expressions; without it a rule with one is an error
 */
export function ruleOptions(patterns: Patterns | undefined) {
  return group(ruleFields, {
    meaning: 'Filters, samples, limits or redacts records between the journal and the sinks.',
    checks: checks(patterns),
  });
}

/** The resolved options of a rule. */
export type RuleOptions = Values<typeof ruleFields>;

function checks(patterns: Patterns | undefined): readonly CrossCheck<RuleOptions>[] {
  return [
    {
      at: 'when',
      problem: ({ when }) => problemOf(() => when !== undefined && compileCondition(when, patterns)),
    },
    {
      at: 'limit.key',
      problem: ({ limit }) => problemOf(() => limit?.key !== undefined && compileValue(limit.key, patterns)),
    },
    {
      at: 'redact.patterns',
      problem: ({ redact }) =>
        problemOf(() => redact?.patterns?.map((pattern) => compiledPattern(pattern, patterns))),
    },
    {
      at: 'drop',
      problem: ({ drop, sample, limit, redact }) =>
        drop && [sample, limit, redact].some((action) => action !== undefined)
          ? 'cannot be combined with sample, limit or redact'
          : undefined,
    },
    {
      at: '',
      problem: ({ drop, sinks, sample, limit, redact }) =>
        !drop && [sinks, sample, limit, redact].every((action) => action === undefined)
          ? 'needs sinks, drop, sample, limit or redact, got none'
          : undefined,
    },
  ];
}

function problemOf(compile: () => unknown): string | undefined {
  try {
    compile();
    return undefined;
  } catch (error) {
    return `is not valid: ${problemText(error).replace(/^ConditionError: /, '')}`;
  }
}
