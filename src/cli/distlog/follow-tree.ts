import { isNotice, type Last, type RecordQuery, type RecordSource } from '../../reader/index.ts';
import { buildTrees, lines, type Paint, type TreeRecord, type Trees, treeRecords } from '../../tree/index.ts';
import { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';

/** What `distlog tree` was asked to do. */
export interface TreeOptions {
  readonly source: RecordSource;
  /** Removes what shows how far the reading is. */
  readonly clear: () => void;
  readonly query: RecordQuery;
  /** Only the trace of the last one. */
  readonly last: Last | undefined;
  readonly failed: boolean;
  readonly follow: boolean;
  readonly unfold: 'failing' | 'all' | 'none';
  readonly json: boolean;
  readonly paint: Pick<Paint, 'ascii' | 'color' | 'width'>;
}

/** The tree is drawn again so often at most. */
const REDRAW_MILLIS = 200;
/** So long after the last root has ended, records of it may still come: those that its burst releases. */
const LINGER_MILLIS = 1_500;
/** The live view begins so long before now, so that nothing falls between it and what was read; copies are left out. */
const OVERLAP_NANOS = 10_000_000_000n;

/**
 * Shows the tree of one trace as it grows, until all of its tasks have ended or the command is interrupted; then prints
 * it whole. Where the output is no terminal, it is printed at the end only.
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

/** No task of it runs. A trace without tasks never says that it has ended. */
function hasEnded({ nodes }: Trees): boolean {
  const tasks = nodes.filter((node) => node.kind === 'task');
  return tasks.length > 0 && tasks.every((task) => task.end !== undefined || task.hasNoEndEvent);
}

/** The trees as text. */
export function treeLines(
  trees: Trees,
  { unfold, paint }: Pick<TreeOptions, 'unfold' | 'paint'>,
): Generator<string> {
  const { ascii, color, width } = paint;
  return lines(trees, { unfold, ascii, color, width });
}
