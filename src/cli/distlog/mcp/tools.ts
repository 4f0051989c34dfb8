import type { RecordSource } from '../../../reader/index.ts';
import { type Answer, answerText } from './answer.ts';
import { type Args, checkArguments, properties } from './arguments.ts';
import { burstsAnswer, failuresAnswer, findAnswer, tasksAnswer } from './list-answers.ts';
import type { Tool } from './server.ts';
import { treeAnswer, whyAnswer } from './trace-answers.ts';

type Schema = Readonly<Record<string, { readonly type: string; readonly [key: string]: unknown }>>;

/** A tool as it is defined here: its arguments are checked, and its answer is rendered as text. */
interface Definition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly schema: Schema;
  readonly required?: readonly string[];
  answer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer>;
}

const limit = (most: number, ifAbsent: number) => ({
  type: 'integer',
  description: `The maximum number of results, the newest; default ${ifAbsent}, at most ${most}.`,
});

const definitions: readonly Definition[] = [
  {
    name: 'failed_tasks',
    title: 'Failed tasks',
    description:
      'Lists failures, the newest last: one line each with time, path of tasks to the origin of the failure, duration, service, cause and trace id. Includes traces without tasks that logged an ERROR. Start here, then call why with a trace id.',
    schema: {
      since: properties.since,
      until: properties.until,
      service: properties.service,
      limit: limit(200, 20),
    },
    answer: failuresAnswer,
  },
  {
    name: 'tasks',
    title: 'Tasks',
    description:
      'Lists tasks, including successful ones. Use slow for those with a minimum duration, and running for those without an end.',
    schema: {
      failed: { type: 'boolean', description: 'Only tasks in which an unexpected failure originated.' },
      running: { type: 'boolean', description: 'Only tasks without an end.' },
      slow: { type: 'string', description: 'Only tasks that took at least this long, e.g. "2s".' },
      since: properties.since,
      until: properties.until,
      service: properties.service,
      limit: limit(200, 30),
    },
    answer: (args, source, signal) => tasksAnswer(args, source, signal),
  },
  {
    name: 'why',
    title: 'Why a request failed',
    description:
      'Explains a failure: failing path, cause with stack, the records right before it, records lost by the burst, and the first difference from a successful task of the same name. Without trace: the last failure.',
    schema: {
      trace: properties.trace,
      since: properties.since,
      until: properties.until,
      service: properties.service,
    },
    answer: whyAnswer,
  },
  {
    name: 'tree',
    title: 'Tree of a trace',
    description:
      'Shows a whole trace as a tree of tasks with its log records: failed parts unfolded, the rest folded. Without trace: the last failure. unfold "all" shows every record.',
    schema: {
      trace: properties.trace,
      unfold: {
        type: 'string',
        enum: ['failing', 'all', 'none'],
        description: 'Which tasks are unfolded; default failing.',
      },
      max_lines: { type: 'integer', description: 'The maximum number of lines; default 300.' },
    },
    answer: treeAnswer,
  },
  {
    name: 'find',
    title: 'Find records',
    description:
      'Finds log records by words (all of them, whole words, any case, in body and attribute values) and an OTTL condition. Returns the number of matching records, then the newest ones.',
    schema: {
      words: { type: 'string', description: 'Words that the record contains, e.g. "order 25".' },
      when: properties.when,
      since: properties.since,
      until: properties.until,
      service: properties.service,
      limit: limit(500, 30),
    },
    answer: findAnswer,
  },
  {
    name: 'bursts',
    title: 'Bursts',
    description:
      'Lists bursts: when held debug records were released, how many were released and lost, and in which trace.',
    schema: {
      since: properties.since,
      until: properties.until,
      service: properties.service,
      limit: limit(200, 30),
    },
    answer: burstsAnswer,
  },
];

/** Creates the tools for a source. */
export function toolsOf(source: RecordSource): readonly Tool[] {
  return definitions.map(({ name, title, description, schema, answer }) => ({
    name,
    title,
    description,
    inputSchema: { type: 'object', properties: schema, additionalProperties: false },
    call: async (args, signal) => {
      checkArguments(args, schema);
      return answerText(await answer(args, source, signal));
    },
  }));
}
