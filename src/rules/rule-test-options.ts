import { Severity } from '../record/index.ts';
import { flag, group, list, map, parsed, text, type Values, value } from '../settings/index.ts';
import { sinkNames } from './options.ts';

const attributes = {
  default: {},
  names: { called: 'key', rule: 'must not be empty', pattern: /^.{1,255}$/s },
};
const oneValue = value({ meaning: 'A value.', example: '/healthz' });

const recordFields = {
  severity: parsed({
    type: 'severity',
    expected: 'a severity, such as WARN',
    parse: (name) => (Object.hasOwn(Severity, name) ? Severity[name as keyof typeof Severity] : undefined),
    default: 'INFO',
    meaning: 'The severity.',
  }),
  body: value({ absent: 'no body', meaning: 'The body.', example: 'GET /healthz' }),
  eventName: text({
    expected: 'a string',
    pattern: /./s,
    absent: 'none',
    meaning: 'The event name.',
    example: 'burst.released',
  }),
  traceId: text({
    type: 'trace id',
    expected: '32 lowercase hex digits',
    pattern: /^[0-9a-f]{32}$/,
    absent: 'no trace',
    meaning: 'The trace id.',
    example: '4bf92f3577b34da6a3ce929d0e0e4736',
  }),
  attributes: map(oneValue, { ...attributes, meaning: 'The attributes of the record.' }),
  resource: map(oneValue, { ...attributes, meaning: 'The attributes of the resource.' }),
  scope: text({
    expected: 'a string',
    pattern: /./s,
    absent: 'no name',
    meaning: 'The name of the scope, which is the logger.',
    example: 'orders',
  }),
};

const testFields = {
  record: group(recordFields, { isRequired: true, meaning: 'The record to which the rules are applied.' }),
  sinks: list(sinkNames, {
    absent: 'required unless `dropped`',
    meaning: 'The sinks that receive it; all other sinks must not.',
  }),
  dropped: flag({ default: false, meaning: 'No sink receives it. Used instead of `sinks`.' }),
  expect: group(
    {
      body: value({ absent: 'any', meaning: 'The expected body.', example: 'REDACTED' }),
      attributes: map(oneValue, {
        ...attributes,
        meaning: 'The expected attributes; other attributes are allowed.',
      }),
      resource: map(oneValue, {
        ...attributes,
        meaning: 'The expected resource attributes; other attributes are allowed.',
      }),
    },
    { absent: 'nothing', meaning: 'The expected content of the record at the sinks.' },
  ),
};

/** The options of a test of the rules. */
export const ruleTestOptions = group(testFields, {
  meaning: 'A record, and the expected result of the rules.',
  checks: [
    {
      at: '',
      problem: ({ sinks, dropped }) =>
        (sinks !== undefined) === dropped
          ? `needs sinks or dropped: true, got ${dropped ? 'both' : 'neither'}`
          : undefined,
    },
  ],
});

/** The resolved options of a test. */
export type RuleTestOptions = Values<typeof testFields>;
export type TestRecord = Values<typeof recordFields>;
