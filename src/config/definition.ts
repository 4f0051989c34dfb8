import type { SinkType } from '../component/index.ts';
import { journalOptions } from '../journal/index.ts';
import { operationsOptions } from '../operations/index.ts';
import { processorFields } from '../processors/index.ts';
import { boxOptions } from '../receivers/box/index.ts';
import { otlpGrpcOptions, otlpHttpOptions } from '../receivers/otlp/index.ts';
import { zmqAckOptions, zmqPushOptions } from '../receivers/zeromq/index.ts';
import { ruleOptions, ruleTestOptions } from '../rules/index.ts';
import {
  choice,
  type Fields,
  flag,
  group,
  list,
  map,
  millis,
  path,
  text,
  variants,
} from '../settings/index.ts';
import { deliveryOptions } from '../sinks/runner/index.ts';
import type { Extensions, ProcessorType } from './extensions.ts';
import { sinkTypes } from './sink-types.ts';

const receivers = {
  zmqAck: zmqAckOptions,
  zmqPush: zmqPushOptions,
  otlpGrpc: otlpGrpcOptions,
  otlpHttp: otlpHttpOptions,
  box: boxOptions,
};

const componentNames = {
  called: 'name',
  rule: 'must consist of letters, digits, - and _, begin with a letter, and have at most 64 characters',
  pattern: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
};

/** The options of a type of sink: its own, and those that every sink has. */
function sink<F extends Fields>({ options: own, delivery }: SinkType<F>) {
  return group({ ...own.fields, ...deliveryOptions(delivery) }, { meaning: own.meaning, checks: own.checks });
}

/** The options of a type of processor: its own, and those that every processor has. */
function processor({ options }: ProcessorType) {
  // The type checker sees only those that every processor has.
  return group({ ...(options.fields as object), ...processorFields }, { meaning: options.meaning });
}

/**
 * The definition of distlogd's configuration file: the options of its components, and those of the daemon
 * itself.
 */
export function definitionWith({ patterns, sinkTypes: more = [], processorTypes = [] }: Extensions) {
  return group(
    {
      data: path({
        default: './.distlogd',
        meaning:
          'The data directory: journal, positions of the sinks, dead letters. Only one daemon may use it at a time. Created with mode 0700.',
        example: '/var/lib/distlogd',
      }),
      receivers: group(receivers, {
        isRequired: true,
        meaning:
          'Where records are received. Only the receivers named here are opened; a key with no value opens that receiver with its defaults.',
        checks: [
          {
            at: '',
            problem: (given) =>
              Object.keys(given).length === 0
                ? `needs at least one of ${Object.keys(receivers).join(', ')}, got none`
                : undefined,
          },
        ],
      }),
      journal: journalOptions,
      sinks: map(
        variants(
          {
            file: sink(sinkTypes.file),
            store: sink(sinkTypes.store),
            otlp: sink(sinkTypes.otlp),
            forward: sink(sinkTypes.forward),
            publish: sink(sinkTypes.publish),
            console: sink(sinkTypes.console),
            // Hidden from the type checker: code that compares types refers to the built-in ones.
            ...(Object.fromEntries(more.map((type) => [type.type, sink(type)])) as object),
          },
          { meaning: 'The type of the sink.' },
        ),
        {
          names: componentNames,
          meaning:
            'Where records are sent: a name of your choice for each sink. Its position in the journal is stored under its name, so a renamed sink starts like a new one.',
        },
      ),
      plugins: list(
        text({
          expected: 'a path that begins with ./ or /, or the name of a package',
          pattern: /^[^\s]{1,1000}$/,
          meaning: 'A module.',
          example: './my-plugin.js',
        }),
        {
          absent: 'none',
          meaning:
            'Modules that provide types of sinks and processors. They run in the process of the daemon, with its privileges. See docs/plugins.md.',
        },
      ),
      processors: map(
        variants(
          Object.fromEntries(processorTypes.map((type) => [type.type, processor(type)])) as Readonly<
            Record<string, ReturnType<typeof processor>>
          >,
          { meaning: 'The type of the processor.' },
        ),
        {
          default: {},
          names: { ...componentNames, called: 'processor' },
          meaning:
            'Processors change records between the journal and the rules, in the order of the file. `plugins` provide the types. See docs/plugins.md.',
        },
      ),
      rules: map(ruleOptions(patterns), {
        default: {},
        names: { ...componentNames, called: 'rule' },
        meaning:
          'Rules filter, sample, limit, redact and route records between the journal and the sinks, in the order of the file. See docs/rules.md.',
      }),
      match: choice(['all', 'first'], {
        default: 'all',
        meaning:
          'Which rules apply to a record: `all` matching rules, one after another, or for each sink only the `first` that matches.',
      }),
      tests: map(ruleTestOptions, {
        default: {},
        names: { called: 'test', rule: 'must have 1 to 200 characters', pattern: /^.{1,200}$/ },
        meaning: 'Tests of the rules: records, each with the expected result. `distlogd test` runs them.',
      }),
      http: operationsOptions,
      shutdown: group(
        {
          drainMillis: millis({
            min: 100,
            max: 3_600_000,
            orZero: true,
            default: 10_000,
            meaning:
              'How long sinks may continue to write entries of the journal. The others are written after the next start.',
          }),
        },
        { meaning: 'What happens after SIGTERM.' },
      ),
      ownRecords: group(
        {
          severity: choice(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'], {
            default: 'INFO',
            meaning: 'Records below this severity are not emitted.',
          }),
          console: flag({
            default: true,
            meaning: 'Also writes them to the standard error output, as text.',
          }),
        },
        { meaning: 'The log records of the daemon itself. They are sent to the sinks like all others.' },
      ),
    },
    { meaning: 'The configuration of `distlogd`.' },
  );
}

/** The definition without extensions. */
export const definition = definitionWith({});

/** The configuration that is used without a configuration file. */
export const withoutFile = `receivers:
  zmqAck:
  zmqPush:
  otlpGrpc:
  otlpHttp:
sinks:
  file: { type: file }
  console: { type: console }
`;
