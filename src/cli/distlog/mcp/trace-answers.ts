import {
  collect,
  deviationLines,
  type FailedTask,
  failedTaskOf,
  MAX_RECORDS,
  type Notice,
  type RecordQuery,
  type RecordSource,
  storyOfLast,
  whyLines,
  whyOfTrace,
} from '../../../reader/index.ts';
import { counted } from '../../../text/index.ts';
import { buildTrees, lines } from '../../../tree/index.ts';
import { type Answer, MAX_COLUMNS } from './answer.ts';
import { type Args, numberOf, queryIn, textOf } from './arguments.ts';
import { Notes } from './notes.ts';

export async function treeAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const maxLines = numberOf(args, 'max_lines', 5_000, 300);
  const unfold = unfoldIn(args);
  const notes = new Notes();
  const query = await traceIn(args, source, notes, signal);
  const records = query === undefined ? [] : await collect(source, query, notes.add, signal);
  if (records.length === 0) return nothing(args, notes);
  return {
    head: `The trees of ${counted(records.length, 'record')}:`,
    lines: lines(buildTrees(records), { unfold, maxLines, width: MAX_COLUMNS }),
    narrow: 'use unfold "failing" or "none", or a smaller max_lines; find with when returns single records.',
    notes: notes.withMore,
  };
}

export async function whyAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const notes = new Notes();
  const query = await traceIn(args, source, notes, signal);
  const records = query === undefined ? [] : await collect(source, query, notes.add, signal);
  if (records.length === 0) return nothing(args, notes);
  const failed = failedTaskOf(records);
  const narrow = 'tree shows the whole trace, and find with when returns single records.';
  if (failed === undefined) {
    const lines = whyOfTrace(records);
    if (lines === undefined) {
      return { head: 'Nothing failed in this trace; tree shows it.', lines: [], narrow, notes: notes.texts };
    }
    return { head: 'Why it failed:', lines, narrow, notes: notes.texts };
  }
  const good = await successLike(failed, source, notes, signal);
  const deviation = good === undefined ? [] : deviationLines(failed, good);
  const none = 'Note: no successful task of the same name was found for comparison.';
  return {
    head: 'Why it failed:',
    lines: [...whyLines(failed), ...deviation],
    narrow,
    notes: deviation.length > 0 ? notes.texts : [...notes.texts, none],
  };
}

/** Returns the trace of the last successful root with this name. */
async function successLike({ root }: FailedTask, source: RecordSource, notes: Notes, signal: AbortSignal) {
  if (root.name === '') return undefined;
  const name = JSON.stringify(root.name);
  const text = `attributes["task.name"] == ${name} and event_name == "task.succeeded"`;
  const { when } = await queryIn({ when: text });
  const one = { when, view: 'tasks', limit: 1, order: 'newest' } as const;
  const onProblem = (notice: Notice) => {
    if (notice.notice === 'problem') notes.add(notice);
  };
  const [end] = await collect(source, one, onProblem, signal);
  if (end === undefined || end.traceId === '') return undefined;
  return await collect(source, { traceId: end.traceId, limit: MAX_RECORDS }, onProblem, signal);
}

/** Returns a query for the requested trace, or for the last failure. */
async function traceIn(
  args: Args,
  source: RecordSource,
  notes: Notes,
  signal: AbortSignal,
): Promise<RecordQuery | undefined> {
  const trace = textOf(args, 'trace')?.toLowerCase();
  if (trace === undefined)
    return await storyOfLast(source, 'failures', await queryIn(args), notes.add, signal);
  if (!/^[0-9a-f]{8,32}$/.test(trace)) throw new Error('trace must be 8 to 32 hex digits');
  return { traceId: trace, limit: MAX_RECORDS };
}

function unfoldIn({ unfold = 'failing' }: Args): 'failing' | 'all' | 'none' {
  if (unfold === 'failing' || unfold === 'all' || unfold === 'none') return unfold;
  throw new Error('unfold must be failing, all or none');
}

function nothing(args: Args, notes: Notes): Answer {
  const head = args.trace === undefined ? 'Nothing failed.' : 'No record of this trace was found.';
  return { head, lines: [], narrow: '', notes: notes.texts };
}
