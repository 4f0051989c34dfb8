import {
  cutText,
  MAX_RECORDS,
  type Notice,
  type RecordQuery,
  type RecordSource,
} from '../../reader/index.ts';
import { type Line, type Paint, paintLine } from '../../tree/index.ts';
import { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { limitOf, queryOf, queryOptions } from './query-options.ts';
import { reading } from './session.ts';
import { paintOf, showOptions } from './show-options.ts';
import { sourceOf, sourceOptions } from './source-options.ts';

const DEFAULT_LIMIT = 50;

/** The options of commands that list items of one kind. @param kind the kind of the items: `task` */
export function listOptions(kind: string) {
  return {
    ...queryOptions,
    limit: {
      type: 'string',
      value: 'N',
      help: `the maximum number of ${kind}s, the newest (default: ${DEFAULT_LIMIT})`,
    },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['pretty', 'json'],
      help: `pretty (default), or json: one JSON object per line and ${kind}`,
    },
    ...showOptions,
    ...sourceOptions,
  } as const;
}

/** The values of the command line. */
type Given = Parameters<typeof queryOf>[0] &
  Parameters<typeof paintOf>[0] &
  Parameters<typeof sourceOf>[0] & {
    readonly limit?: string | undefined;
    readonly format?: 'pretty' | 'json' | undefined;
  };

/** Defines a list. */
export interface Listing<Row> {
  readonly kind: string;
  /** The message for an empty list. */
  readonly none: string;
  find(
    source: RecordSource,
    query: Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>,
    limit: number,
    onNotice: (notice: Notice) => void,
    signal: AbortSignal,
  ): Promise<readonly Row[]>;
  line(row: Row, paint: Paint): Line;
  json(row: Row): string;
}

/** Lists the newest rows. */
export async function listRows<Row>(
  values: Given,
  files: readonly string[],
  io: Io,
  { kind, none, find, line, json }: Listing<Row>,
): Promise<ExitCode> {
  const limit = limitOf(values.limit, MAX_RECORDS, DEFAULT_LIMIT);
  const query = await queryOf(values);
  const paint = paintOf(values, io);
  const { source, clear } = sourceOf(values, files, io);
  return await reading(io, async (signal, onNotice) => {
    let hasMore = false;
    const onEachNotice = (notice: Notice) => {
      if (notice.notice === 'more') hasMore = true;
      else onNotice(notice);
    };
    const rows = await find(source, query, limit, onEachNotice, signal);
    clear();
    const newest = rows.slice(-limit);
    if (values.format === 'json') await io.lines(newest.map(json));
    else await io.pages(newest.map((row) => paintLine(line(row, paint), 0, paint)));
    if (newest.length < rows.length) io.err(`distlog: ${cutText(newest.length, rows.length, kind)}`);
    else if (hasMore) io.err('distlog: there may be more; use --since and --until to select a time range');
    if (newest.length > 0) return ExitCode.OK;
    io.err(`distlog: ${none}`);
    return ExitCode.FAILED;
  });
}
