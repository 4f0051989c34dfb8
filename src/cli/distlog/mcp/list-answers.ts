import {
  burstLine,
  burstRows,
  collect,
  findTaskRows,
  isNotice,
  MAX_RECORDS,
  type RecordSource,
  Selection,
  taskLine,
  viewOf,
} from '../../../reader/index.ts';
import { count, counted } from '../../../text/index.ts';
import { type Line, paintLine, unicodeMarks } from '../../../tree/index.ts';
import { recordLines } from '../record-lines.ts';
import { type Answer, MAX_COLUMNS } from './answer.ts';
import { type Args, numberOf, queryIn, secondsIn, textOf } from './arguments.ts';
import { Notes } from './notes.ts';

const paint = { ascii: false, color: false, width: MAX_COLUMNS, marks: unicodeMarks } as const;

export async function tasksAnswer(
  args: Args,
  source: RecordSource,
  signal: AbortSignal,
  ifAbsent = 30,
): Promise<Answer> {
  const most = numberOf(args, 'limit', 200, ifAbsent);
  const notes = new Notes();
  const choice = {
    failed: args.failed === true,
    running: args.running === true,
    slowSeconds: secondsIn(args, 'slow'),
  };
  const query = await queryIn(args);
  const rows = await findTaskRows(source, query, choice, most, notes.add, signal);
  const least = notes.hasMore ? 'At least ' : '';
  const total = `${least}${counted(rows.length, choice.failed ? 'failure' : 'task')}`;
  return rowsAnswer(total, rows, most, (row) => taskLine(row, paint), notes);
}

export async function failuresAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  return await tasksAnswer({ ...args, failed: true }, source, signal, 20);
}

export async function burstsAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const most = numberOf(args, 'limit', 200, 30);
  const notes = new Notes();
  const query = await queryIn(args);
  const all = { ...query, ...viewOf('bursts', query.when), limit: MAX_RECORDS, order: 'newest' } as const;
  const rows = burstRows(await collect(source, all, notes.add, signal));
  return rowsAnswer(counted(rows.length, 'burst'), rows, most, (row) => burstLine(row, paint), notes);
}

/** Renders the newest rows, one line each. */
function rowsAnswer<Row>(
  total: string,
  rows: readonly Row[],
  most: number,
  line: (row: Row) => Line,
  notes: Notes,
): Answer {
  const shown = rows.slice(-most);
  return {
    head: headOf(total, rows.length, shown.length),
    lines: shown.map((row) => paintLine(line(row), 0, paint)),
    narrow: 'use since, until, service or a smaller limit.',
    notes: notes.withMore,
  };
}

function headOf(total: string, records: number, shown: number): string {
  return shown < records ? `${total}; the newest ${shown}:` : `${total}${records > 0 ? ':' : '.'}`;
}

export async function findAnswer(args: Args, source: RecordSource, signal: AbortSignal): Promise<Answer> {
  const most = numberOf(args, 'limit', 500, 30);
  const notes = new Notes();
  const query = { words: textOf(args, 'words'), ...(await queryIn(args)) };
  const selection = new Selection(most, 'oldest');
  for await (const found of source.find({ ...query, limit: most, order: 'newest' }, signal)) {
    if (isNotice(found)) notes.add(found);
    else selection.add(found);
  }
  // Counts again only if the first search has not seen all records.
  const { records, atLeast } = notes.hasMore
    ? await source.count(query, signal)
    : { records: selection.count, atLeast: false };
  const linesOf = recordLines({ form: 'flat', color: false });
  const total = `${atLeast ? 'At least ' : ''}${count(records)} ${records === 1 ? 'matching record' : 'matching records'}`;
  return {
    head: headOf(total, records, selection.count),
    lines: (function* () {
      for (const group of selection.groups()) yield* linesOf(group);
    })(),
    narrow: 'add words, a condition (when), since or until, or use a smaller limit.',
    notes: notes.texts,
  };
}
