import { isNotice, type Last, type RecordQuery, type RecordSource } from '../../reader/index.ts';
import { buildTrees, lines, type Paint, type TreeRecord, type Trees, treeRecords } from '../../tree/index.ts';
import { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';

/** The options of `distlog tree`. */
export interface TreeOptions {
  readonly source: RecordSource;
  /** Removes the progress line. */
  readonly clear: () => void;
  readonly query: RecordQuery;
  /** Show only the trace of the last one. */
  readonly last: Last | undefined;
  readonly failed: boolean;
  readonly follow: boolean;
  readonly unfold: 'failing' | 'all' | 'none';
  readonly json: boolean;
  readonly paint: Pick<Paint, 'ascii' | 'color' | 'width'>;
}

/** The minimum time between two redraws. */
const REDRAW_MILLIS = 200;
/** How long to wait after the last root has ended, because its burst may still release records. */
const LINGER_MILLIS = 1_500;
/**
 * How long before now the live view starts, so that no record is missed between the two reads. Duplicates are
 * dropped.
 */
const OVERLAP_NANOS = 10_000_000_000n;

/**
 * Shows the tree of one trace as it grows, until all of its tasks have ended or the command is interrupted.
 * Then it prints the whole tree. If the output is not a terminal, the tree is printed only at the end.
 */
export async function followTree(
  options: TreeOptions,
  first: readonly TreeRecord[],
  io: Io,
): Promise<ExitCode> {
  const { source, query } = options;
  const records = [...first];
  const stop = new AbortController();
  let trees = buildTrees(records);
  let redraw: NodeJS.Timeout | undefined;
  let linger: NodeJS.Timeout | undefined;
  const draw = () => {
    redraw = undefined;
    trees = buildTrees(records);
    io.terminal?.redraw([...treeLines(trees, options)]);
    clearTimeout(linger);
    if (hasEnded(trees)) linger = setTimeout(() => stop.abort(), LINGER_MILLIS);
  };
  const unlisten = [io.onSignal('SIGINT', () => stop.abort()), io.onClosed(() => stop.abort())];
  try {
    draw();
    const fromNanos = BigInt(Date.now()) * 1_000_000n - OVERLAP_NANOS;
    for await (const found of source.tail({ ...query, fromNanos }, stop.signal)) {
      if (isNotice(found)) continue;
      for (const record of treeRecords(found)) records.push(record);
      redraw ??= setTimeout(draw, REDRAW_MILLIS);
    }
  } finally {
    for (const each of unlisten) each();
    clearTimeout(redraw);
    clearTimeout(linger);
  }
  io.terminal?.redraw([]);
  await io.lines(treeLines(buildTrees(records), options));
  return ExitCode.OK;
}

/** Whether all tasks have ended. Always false for a trace without tasks. */
function hasEnded({ nodes }: Trees): boolean {
  const tasks = nodes.filter((node) => node.kind === 'task');
  return tasks.length > 0 && tasks.every((task) => task.end !== undefined || task.hasNoEndEvent);
}

/** Renders the trees as text. */
export function treeLines(
  trees: Trees,
  { unfold, paint }: Pick<TreeOptions, 'unfold' | 'paint'>,
): Generator<string> {
  const { ascii, color, width } = paint;
  return lines(trees, { unfold, ascii, color, width });
}
