import { counted, isColored, safeText } from '../../text/index.ts';
import { buildTrees, lines, onlyFailed, type TreeRecord, type Trees } from '../../tree/index.ts';
import type { TreeArguments } from './arguments.ts';
import { NO_DATA, OK } from './exit-codes.ts';
import { jsonRows } from './json-rows.ts';
import { newReport, type ReadReport, readOtlpJsonLines } from './otlp-json-lines.ts';
import { Progress } from './progress.ts';
import { type Source, sourcesOf } from './sources.ts';
import { writeLines } from './write-lines.ts';

/**
 * Reads records, shows them as trees. What goes wrong with some of them is told on standard error.
 * @returns the exit code
 * @throws NoInputError when a file is not there
 */
export async function treeCommand(options: TreeArguments): Promise<number> {
  const sources = await sourcesOf(options.files);
  const progress = new Progress(process.stderr);
  const records: TreeRecord[] = [];
  let read = 0;
  let bytes = 0;
  for (const source of sources) {
    const report = newReport();
    const trouble = await readSource(source, report, (some) => {
      for (const record of some) if (record.traceId.startsWith(options.trace)) records.push(record);
      progress.tell(read + report.records, bytes + report.bytes);
    });
    read += report.records;
    bytes += report.bytes;
    progress.clear();
    tellReport(source, report, trouble);
  }
  if (records.length === 0) {
    tell(read === 0 ? 'no readable record' : `no record of trace ${options.trace}`);
    return NO_DATA;
  }
  await show(buildTrees(records), options);
  return OK;
}

async function show(whole: Trees, options: TreeArguments): Promise<void> {
  if (whole.copies > 0) tell(`${counted(whole.copies, 'copy', 'copies')} of records left out`);
  const shown = options.failed ? onlyFailed(whole) : whole;
  if (shown.traces.length === 0) tell('nothing failed');
  const { unfold, ascii } = options;
  const text = options.json
    ? jsonRows(shown, unfold === 'all')
    : lines(shown, { unfold, ascii, color: isColoredFor(options), width: widthOf(options) });
  await writeLines(process.stdout, text);
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

function tellReport({ name }: Source, report: ReadReport, trouble: string | undefined): void {
  if (trouble !== undefined) tell(`${name}: ${trouble}; what came before it is shown`);
  if (report.badLines === 0) return;
  const first = report.firstBad.map(({ line, cause }) => `line ${line} (${cause})`).join(', ');
  const more = report.badLines > report.firstBad.length ? ', ...' : '';
  tell(`${name}: ${counted(report.badLines, 'line')} could not be read: ${first}${more}`);
}

function tell(message: string): void {
  process.stderr.write(`distlog: ${safeText(message)}\n`);
}

function isColoredFor({ color }: TreeArguments): boolean {
  return isColored(color, { isTerminal: process.stdout.isTTY === true, env: process.env });
}

function widthOf({ width }: TreeArguments): number {
  if (width !== undefined) return width;
  const columns = process.stdout.isTTY === true ? process.stdout.columns : 0;
  return columns >= 20 ? columns : Number.POSITIVE_INFINITY;
}
