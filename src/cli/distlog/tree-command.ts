import { counted } from '../../text/index.ts';
import { buildTrees, lines, onlyFailed, type TreeRecord, type Trees } from '../../tree/index.ts';
import { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { jsonRows } from './json-rows.ts';
import { newReport, type ReadReport, readOtlpJsonLines } from './otlp-json-lines.ts';
import { Progress } from './progress.ts';
import { type Source, sourcesOf } from './sources.ts';

/** What `distlog tree` was asked to do. */
export interface TreeOptions {
  readonly files: readonly string[];
  /** The beginning of a trace id, in lower case; empty: all traces. */
  readonly trace: string;
  readonly failed: boolean;
  readonly unfold: 'failing' | 'all' | 'none';
  readonly json: boolean;
  readonly ascii: boolean;
  readonly color: boolean;
  /** Absent: lines are not cut. */
  readonly width: number | undefined;
}

/**
 * Reads records, shows them as trees. What goes wrong with some of them is reported on standard error.
 * @returns the exit code
 * @throws CommandError when a file is not there
 */
export async function treeCommand(options: TreeOptions, io: Io): Promise<ExitCode> {
  const say = (message: string) => io.err(`distlog: ${message}`);
  const sources = await sourcesOf(options.files);
  const progress = new Progress(process.stderr);
  const records: TreeRecord[] = [];
  let read = 0;
  let bytes = 0;
  for (const source of sources) {
    const report = newReport();
    const trouble = await readSource(source, report, (some) => {
      for (const record of some) if (record.traceId.startsWith(options.trace)) records.push(record);
      progress.show(read + report.records, bytes + report.bytes);
    });
    read += report.records;
    bytes += report.bytes;
    progress.clear();
    for (const message of troubles(source, report, trouble)) say(message);
  }
  if (records.length === 0) {
    say(read === 0 ? 'no readable record' : `no record of trace ${options.trace}`);
    return ExitCode.NO_DATA;
  }
  await show(buildTrees(records), options, io);
  return ExitCode.OK;
}

async function show(whole: Trees, options: TreeOptions, io: Io): Promise<void> {
  const say = (message: string) => io.err(`distlog: ${message}`);
  if (whole.copies > 0) say(`${counted(whole.copies, 'copy', 'copies')} of records left out`);
  const shown = options.failed ? onlyFailed(whole) : whole;
  if (shown.traces.length === 0) say('nothing failed');
  const { unfold, ascii, color, width = Number.POSITIVE_INFINITY } = options;
  const text = options.json
    ? jsonRows(shown, unfold === 'all')
    : lines(shown, { unfold, ascii, color, width });
  await io.lines(text);
}

/** @returns what ended the reading before its end */
async function readSource(
  source: Source,
  report: ReadReport,
  take: (records: readonly TreeRecord[]) => void,
): Promise<string | undefined> {
  try {
    for await (const records of readOtlpJsonLines(source.chunks(), report)) take(records);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function* troubles({ name }: Source, report: ReadReport, trouble: string | undefined): Generator<string> {
  if (trouble !== undefined) yield `${name}: ${trouble}; what came before it is shown`;
  if (report.badLines === 0) return;
  const first = report.firstBad.map(({ line, cause }) => `line ${line} (${cause})`).join(', ');
  const more = report.badLines > report.firstBad.length ? ', ...' : '';
  yield `${name}: ${counted(report.badLines, 'line')} could not be read: ${first}${more}`;
}
