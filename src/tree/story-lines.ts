import { Severity } from '../record/index.ts';
import { count, counted } from '../text/index.ts';
import { type Line, piece } from './paint.ts';
import { errorOf } from './query.ts';
import { titleOf } from './reason.ts';
import { recordLines } from './record-lines.ts';
import { burstsOf, causeLines, factLine } from './task-header.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Trace } from './trees.ts';
import { isFailedStory, isSaved } from './trouble.ts';
import { dim, mark, short, type View } from './view.ts';

/** For a long trace without tasks: the number of first and last records that are shown. */
const FIRST_RECORDS = 5;
const LAST_RECORDS = 40;
const MAX_SERVICES = 3;

/** Whether the records of a trace that have no task are shown, not only counted. */
export function isStoryOpen(trace: Trace, { options }: View): boolean {
  if (options.unfold === 'failing') return isFailedStory(trace);
  return options.unfold === 'all';
}

/**
 * The header line of a trace's records that have no task. A failed trace without tasks has the same mark as a
 * failed task.
 */
export function storyHeader(trace: Trace, view: View): Line {
  const { traceId, roots, records } = trace;
  const where = traceId === '' ? 'no trace' : `trace ${traceId}`;
  if (roots.length > 0 || traceId === '' || !isFailedStory(trace)) {
    const folded = isStoryOpen(trace, view) ? '' : ' folded';
    return dim(`${view.marks.record} ${counted(records.length, 'record')} without a task${folded}  ${where}`);
  }
  const services = [...new Set(records.map(({ service }) => service))].filter((service) => service !== '');
  const listed = services.slice(0, MAX_SERVICES).map((service) => short(service, 80, view));
  if (services.length > listed.length) listed.push(view.marks.cut);
  const source = listed.length === 0 ? '' : `  ${view.options.ascii ? 'in' : '·'} ${listed.join(', ')}`;
  return [mark('failed', view), piece(` ${where}`, 'boldRed'), piece(source, 'dim')];
}

/** One line for several quiet traces without tasks. */
export function storiesFold(traces: readonly Trace[], view: View): Line {
  const records = traces.reduce((sum, trace) => sum + trace.records.length, 0);
  const [only] = traces;
  if (only !== undefined && traces.length === 1) return storyHeader(only, view);
  return dim(
    `${view.marks.record} ${counted(records, 'record')} of ${count(traces.length)} traces without tasks folded`,
  );
}

/** The lines below that header line. */
export function* storyLines(trace: Trace, view: View): Generator<Line> {
  const { traceId, roots, records } = trace;
  const isStory = roots.length === 0 && traceId !== '';
  if (isStory && isFailedStory(trace)) yield* storyFacts(trace, view);
  if (!isStoryOpen(trace, view)) return;
  let folded = 0;
  for (const [at, record] of records.entries()) {
    const isNear = isStory && (at < FIRST_RECORDS || at >= records.length - LAST_RECORDS);
    if (view.options.unfold !== 'all' && !isNear && record.severity < Severity.WARN && !isSaved(record)) {
      folded += 1;
      continue;
    }
    if (folded > 0) yield foldLine(folded, view);
    folded = 0;
    yield* recordLines(record, {}, view);
  }
  if (folded > 0) yield foldLine(folded, view);
}

function foldLine(records: number, { marks }: View): Line {
  return dim(`${marks.record} ${counted(records, 'record')} folded`);
}

function* storyFacts(trace: Trace, view: View): Generator<Line> {
  const { records } = trace;
  const first = records[0] ?? trace.bursts[0]!;
  yield factLine(first, [counted(records.length, 'record')]);
  yield* burstsOf(trace, view);
  const error = records.find(({ severity }) => severity >= Severity.ERROR);
  if (error !== undefined) yield* causeLines(causeOf(error), view);
}

function causeOf(record: TreeRecord): string {
  const error = errorOf(record);
  const title = error === undefined ? '' : titleOf(error);
  return record.body.includes(error?.message || title) ? record.body : `${record.body} (${title})`;
}
