import {
  burstLine,
  burstRows,
  collect,
  deviationLines,
  type FailedTask,
  failedTaskOf,
  findTaskRows,
  isNotice,
  MAX_RECORDS,
  type Notice,
  type RecordQuery,
  type RecordSource,
  Selection,
  storyOfLast,
  taskLine,
  viewOf,
  whyLines,
  whyOfTrace,
} from '../../../reader/index.ts';
import { count, counted } from '../../../text/index.ts';
import { buildTrees, type Line, lines, paintLine, unicodeMarks } from '../../../tree/index.ts';
import { recordLines } from '../record-lines.ts';
import { type Answer, answerText } from './answer.ts';
import { checkArguments, numberOf, properties, queryIn, secondsIn, textOf } from './arguments.ts';
import type { Tool } from './server.ts';

type Args = Readonly<Record<string, unknown>>;
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

const paint = { ascii: false, color: false, width: 500, marks: unicodeMarks } as const;
const painted = (line: Line) => paintLine(line, 0, paint);
const limit = (most: number, ifAbsent: number) => ({
  type: 'integer',
  description: `At most so many, the newest; default ${ifAbsent}, at most ${most}.`,
});

/** Hears what a source says, for the notes of an answer. */
class Notes {
  readonly texts: string[] = [];
  hasMore = false;
  readonly hear = (notice: Notice): void => {
    if (notice.notice === 'more') this.hasMore = true;
    else if (notice.notice === 'problem') this.texts.push(`Note: ${notice.message}`);
  };
}

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
    answer: (args, source, signal) => taskAnswer(args, { ...args, failed: true }, source, signal),
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
    answer: (args, source, signal) => taskAnswer(args, args, source, signal),
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

async function taskAnswer(
  given: Args,
  args: Args,
  source: RecordSource,
  signal: AbortSignal,
): Promise<Answer> {
  const most = numberOf(args, 'limit', 200, given === args ? 30 : 20);
  const notes = new Notes();
  const choice = {
    failed: args.failed === true,
    running: args.running === true,
    slowSeconds: secondsIn(args, 'slow'),
  };
  const query = await queryIn(args);
  const rows = await findTaskRows(source, query, choice, most, notes.hear, signal);
  const shown = rows.slice(-most);
  const least = notes.hasMore ? 'At least ' : '';
  const all = `${least}${counted(rows.length, choice.failed ? 'failure' : 'task')}`;
  return {
    head:
      shown.length < rows.length
        ? `${all}; the newest ${shown.length}:`
        : `${all}${rows.length > 0 ? ':' : '.'}`,
    lines: shown.map((row) => painted(taskLine(row, paint))),
    narrow: 'use since, until, service or a smaller limit.',
    notes: withMore(notes),
  };
}

async function burstsAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const most = numberOf(args, 'limit', 200, 30);
  const notes = new Notes();
  const query = await queryIn(args);
  const all = { ...query, ...viewOf('bursts', query.when), limit: MAX_RECORDS, order: 'newest' } as const;
  const rows = burstRows(await collect(source, all, notes.hear, signal));
  const shown = rows.slice(-most);
  const said = counted(rows.length, 'burst');
  return {
    head:
      shown.length < rows.length
        ? `${said}; the newest ${shown.length}:`
        : `${said}${rows.length > 0 ? ':' : '.'}`,
    lines: shown.map((row) => painted(burstLine(row, paint))),
    narrow: 'use since, until, service or a smaller limit.',
    notes: withMore(notes),
  };
}

async function findAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const most = numberOf(args, 'limit', 500, 30);
  const notes = new Notes();
  const query = { words: textOf(args, 'words'), ...(await queryIn(args)) };
  const selection = new Selection(most, 'oldest');
  for await (const found of source.find({ ...query, limit: most, order: 'newest' }, signal)) {
    if (isNotice(found)) notes.hear(found);
    else selection.add(found);
  }
  // A second search only if the first one has not seen all.
  const { records, atLeast } = notes.hasMore
    ? await source.count(query, signal)
    : { records: selection.count, atLeast: false };
  const linesOf = recordLines({ form: 'flat', color: false });
  const total = `${atLeast ? 'At least ' : ''}${count(records)} ${records === 1 ? 'record fits' : 'records fit'}`;
  return {
    head:
      selection.count < records
        ? `${total}; the newest ${selection.count}:`
        : `${total}${records > 0 ? ':' : '.'}`,
    lines: (function* () {
      for (const group of selection.groups()) yield* linesOf(group);
    })(),
    narrow: 'add words, a condition (when), since or until, or ask for a smaller limit.',
    notes: notes.texts,
  };
}

async function treeAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const maxLines = numberOf(args, 'max_lines', 5_000, 300);
  const unfold = unfoldIn(args);
  const notes = new Notes();
  const query = await traceIn(args, source, notes, signal);
  const records = query === undefined ? [] : await collect(source, query, notes.hear, signal);
  if (records.length === 0) return nothing(args, notes);
  return {
    head: `The trees of ${counted(records.length, 'record')}:`,
    lines: lines(buildTrees(records), { unfold, maxLines, width: paint.width }),
    narrow: 'use unfold "failing" or "none", or a smaller max_lines; find with when shows single records.',
    notes: withMore(notes),
  };
}

async function whyAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const notes = new Notes();
  const query = await traceIn(args, source, notes, signal);
  const records = query === undefined ? [] : await collect(source, query, notes.hear, signal);
  if (records.length === 0) return nothing(args, notes);
  const failed = failedTaskOf(records);
  const narrow = 'tree shows the whole trace, find with when single records.';
  if (failed === undefined) {
    const lines = whyOfTrace(records);
    if (lines === undefined) {
      return { head: 'Nothing failed in this trace; tree shows it.', lines: [], narrow, notes: notes.texts };
    }
    return { head: 'Why it failed:', lines, narrow, notes: notes.texts };
  }
  const good = await successLike(failed, source, notes, signal);
  const deviation = good === undefined ? [] : deviationLines(failed, good);
  const none = 'Note: no task of the same name that succeeded was found to compare with.';
  return {
    head: 'Why it failed:',
    lines: [...whyLines(failed), ...deviation],
    narrow,
    notes: deviation.length > 0 ? notes.texts : [...notes.texts, none],
  };
}

/** The trace of the last root of this name that succeeded. */
async function successLike({ root }: FailedTask, source: RecordSource, notes: Notes, signal: AbortSignal) {
  if (root.name === '') return undefined;
  const name = JSON.stringify(root.name);
  const text = `attributes["task.name"] == ${name} and event_name == "task.succeeded"`;
  const { when } = await queryIn({ when: text });
  const one = { when, view: 'tasks', limit: 1, order: 'newest' } as const;
  const quietly = (notice: Notice) => {
    if (notice.notice === 'problem') notes.hear(notice);
  };
  const [end] = await collect(source, one, quietly, signal);
  if (end === undefined || end.traceId === '') return undefined;
  return await collect(source, { traceId: end.traceId, limit: MAX_RECORDS }, quietly, signal);
}

/** The trace that is asked for, else the last failure. */
async function traceIn(
  args: Args,
  source: RecordSource,
  notes: Notes,
  signal: AbortSignal,
): Promise<RecordQuery | undefined> {
  const trace = textOf(args, 'trace')?.toLowerCase();
  if (trace === undefined)
    return await storyOfLast(source, 'failures', await queryIn(args), notes.hear, signal);
  if (!/^[0-9a-f]{8,32}$/.test(trace)) throw new Error('trace must be 8 to 32 hex digits');
  return { traceId: trace, limit: MAX_RECORDS };
}

function unfoldIn({ unfold = 'failing' }: Args): 'failing' | 'all' | 'none' {
  if (unfold === 'failing' || unfold === 'all' || unfold === 'none') return unfold;
  throw new Error('unfold must be failing, all or none');
}

function nothing(args: Args, notes: Notes): Answer {
  const head = args.trace === undefined ? 'Nothing failed.' : 'There is no record of this trace.';
  return { head, lines: [], narrow: '', notes: notes.texts };
}

function withMore({ texts, hasMore }: Notes): readonly string[] {
  if (!hasMore) return texts;
  return [
    ...texts,
    'Note: there are more records of this kind; the newest were read. Use since, until or service.',
  ];
}
