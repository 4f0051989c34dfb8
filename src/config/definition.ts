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

/** A type of sink: its own options, and those that every sink has. */
function sink<F extends Fields>({ options: own, delivery }: SinkType<F>) {
  return group({ ...own.fields, ...deliveryOptions(delivery) }, { meaning: own.meaning, checks: own.checks });
}

/** A type of processor: its own options, and those that every processor has. */
function processor({ options }: ProcessorType) {
  // For the compiler only those that every processor has.
  return group({ ...(options.fields as object), ...processorFields }, { meaning: options.meaning });
}

/** What the configuration file of distlogd may hold: the options of its components, and what it brings along. */
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
            // For the compiler there are none: code that asks for a type knows the daemon's own.
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
            'Modules that bring types of sinks and processors along. They run in the process of the daemon, with its rights. See docs/plugins.md.',
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
            'What changes records between the journal and the rules, in the order of the file. `plugins` bring the types along. See docs/plugins.md.',
        },
      ),
      rules: map(ruleOptions(patterns), {
        default: {},
        names: { ...componentNames, called: 'rule' },
        meaning:
          'What happens to records between the journal and the sinks, in the order of the file. See docs/rules.md.',
      }),
      match: choice(['all', 'first'], {
        default: 'all',
        meaning:
          'Which rules apply to a record: `all` that match, one after the other, or for each sink only the `first` that matches.',
      }),
      tests: map(ruleTestOptions, {
        default: {},
        names: { called: 'test', rule: 'must have 1 to 200 characters', pattern: /^.{1,200}$/ },
        meaning: 'Records with what the rules are to do with them. `distlogd test` runs them.',
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
              'How long sinks may continue to write what is in the journal. The rest is written after the next start.',
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
        { meaning: 'The log records of the daemon itself. They go to the sinks like all others.' },
      ),
    },
    { meaning: 'The configuration of `distlogd`.' },
  );
}

/** The same without extensions. */
export const definition = definitionWith({});

/** What holds without a configuration file. */
export const withoutFile = `receivers:
  zmqAck:
  zmqPush:
  otlpGrpc:
  otlpHttp:
sinks:
  file: { type: file }
  console: { type: console }
`;
