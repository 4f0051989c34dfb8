import type { RecordSource } from '../../../reader/index.ts';
import { type Answer, answerText } from './answer.ts';
import { type Args, checkArguments, properties } from './arguments.ts';
import { burstsAnswer, failuresAnswer, findAnswer, tasksAnswer } from './list-answers.ts';
import type { Tool } from './server.ts';
import { treeAnswer, whyAnswer } from './trace-answers.ts';

type Schema = Readonly<Record<string, { readonly type: string; readonly [key: string]: unknown }>>;

/** One tool as it is written here: its arguments are checked, and its answer becomes text. */
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
  description: `At most so many, the newest; default ${ifAbsent}, at most ${most}.`,
});

const definitions: readonly Definition[] = [
  {
    name: 'failed_tasks',
    title: 'Failed tasks',
    description:
      'What failed, the newest last: one line for each failure with time, the path of tasks to where it began, duration, service, cause and trace id. Includes traces without tasks that logged an ERROR. Start here, then call why with a trace id.',
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
      'Lists tasks, also those that succeeded: with slow only those that took so long, with running only those without an end.',
    schema: {
      failed: { type: 'boolean', description: 'Only where an unexpected failure began.' },
      running: { type: 'boolean', description: 'Only those without an end.' },
      slow: { type: 'string', description: 'Only those that took as long or longer, e.g. "2s".' },
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
      'Explains a failure: failing path, cause with stack, what was logged right before, what the burst lost, and where it first differs from a task of the same name that succeeded. Without trace: the last failure.',
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
      'All of one trace as a tree of tasks with its log records: failed parts opened, the rest folded. Without trace: the last failure. unfold "all" shows every record.',
    schema: {
      trace: properties.trace,
      unfold: {
        type: 'string',
        enum: ['failing', 'all', 'none'],
        description: 'Which tasks are opened; default failing.',
      },
      max_lines: { type: 'integer', description: 'At most so many lines; default 300.' },
    },
    answer: treeAnswer,
  },
  {
    name: 'find',
    title: 'Find records',
    description:
      'Finds log records by words (all of them, whole words, any case, in body and attribute values) and an OTTL condition. Says first how many there are, then shows the newest.',
    schema: {
      words: { type: 'string', description: 'Words that the record has, e.g. "order 25".' },
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
      'Lists bursts: when held debug records were released, how many, how many were lost before, and in which trace.',
    schema: {
      since: properties.since,
      until: properties.until,
      service: properties.service,
      limit: limit(200, 30),
    },
    answer: burstsAnswer,
  },
];

/** The tools over a source. */
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
