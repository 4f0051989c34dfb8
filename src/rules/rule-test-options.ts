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
    expected: 'a text',
    pattern: /./s,
    absent: 'none',
    meaning: 'The name of the event.',
    example: 'burst.released',
  }),
  traceId: text({
    type: 'trace id',
    expected: '32 lowercase hex digits',
    pattern: /^[0-9a-f]{32}$/,
    absent: 'no trace',
    meaning: 'The id of its trace.',
    example: '4bf92f3577b34da6a3ce929d0e0e4736',
  }),
  attributes: map(oneValue, { ...attributes, meaning: 'The attributes of the record.' }),
  resource: map(oneValue, { ...attributes, meaning: 'The attributes of the resource.' }),
  scope: text({
    expected: 'a text',
    pattern: /./s,
    absent: 'no name',
    meaning: 'The name of the scope, that is the logger.',
    example: 'orders',
  }),
};

const testFields = {
  record: group(recordFields, { isRequired: true, meaning: 'The record that is put before the rules.' }),
  sinks: list(sinkNames, {
    absent: 'needed unless `dropped`',
    meaning: 'The sinks that get it, and no other.',
  }),
  dropped: flag({ default: false, meaning: 'No sink gets it. Instead of `sinks`.' }),
  expect: group(
    {
      body: value({ absent: 'any', meaning: 'The body that they get.', example: 'REDACTED' }),
      attributes: map(oneValue, { ...attributes, meaning: 'Attributes that they get; others may be there.' }),
      resource: map(oneValue, { ...attributes, meaning: 'The same for attributes of the resource.' }),
    },
    { absent: 'nothing', meaning: 'What the sinks get of it.' },
  ),
};

/** The options of a test of the rules. */
export const ruleTestOptions = group(testFields, {
  meaning: 'A record, and what the rules are to do with it.',
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

/** The options of a test as they hold. */
export type RuleTestOptions = Values<typeof testFields>;
export type TestRecord = Values<typeof recordFields>;
