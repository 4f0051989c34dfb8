import { collect, type Notice, storyOfLast } from '../../reader/index.ts';
import { counted } from '../../text/index.ts';
import { buildTrees, onlyFailed, type Trees } from '../../tree/index.ts';
import { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { followTree, type TreeOptions, treeLines } from './follow-tree.ts';
import { jsonRows } from './json-rows.ts';
import { reading } from './session.ts';

/**
 * Reads records and shows them as trees. Problems with single records are reported on standard error.
 * @throws (rejects) CommandError if nothing can be read
 */
export async function treeCommand(options: TreeOptions, io: Io): Promise<ExitCode> {
  const { source, last, clear } = options;
  return await reading(io, async (signal, onNotice) => {
    let isCut = false;
    const onEachNotice = (notice: Notice) => {
      clear();
      if (notice.notice === 'more') isCut = true;
      else onNotice(notice);
    };
    const query =
      last === undefined
        ? options.query
        : await storyOfLast(source, last, options.query, onEachNotice, signal);
    const records = query === undefined ? [] : await collect(source, query, onEachNotice, signal);
    clear();
    if (query === undefined || records.length === 0) return nothing(options, io);
    if (options.follow) return await followTree({ ...options, query }, records, io);
    await show(buildTrees(records), options, io);
    if (isCut)
      io.err(
        `distlog: only ${counted(records.length, 'record')} are shown; use --since and --until to narrow the range`,
      );
    return ExitCode.OK;
  });
}

function nothing({ query: { traceId = '', when, fromNanos, toNanos }, last }: TreeOptions, io: Io): ExitCode {
  if (last !== undefined) io.err(`distlog: ${last === 'bursts' ? 'no burst' : 'nothing failed'}`);
  else if (traceId !== '') io.err(`distlog: no record of trace ${traceId}`);
  else {
    const isAll = when === undefined && fromNanos === undefined && toNanos === undefined;
    io.err(`distlog: ${isAll ? 'no readable record' : 'no matching record'}`);
  }
  return ExitCode.NO_DATA;
}

async function show(whole: Trees, options: TreeOptions, io: Io): Promise<void> {
  const report = (message: string) => io.err(`distlog: ${message}`);
  if (whole.copies > 0) report(`${counted(whole.copies, 'duplicate record')} dropped`);
  const shown = options.failed ? onlyFailed(whole) : whole;
  if (shown.traces.length === 0) report('nothing failed');
  if (options.json) await io.lines(jsonRows(shown, options.unfold === 'all'));
  else await io.pages(treeLines(shown, options));
}
