import { CODE_FILE_PATH, CODE_LINE_NUMBER, Severity } from '../record/index.ts';
import type { Task } from './forest-types.ts';
import { clockTime, counted, severityName } from './humane.ts';
import { type Line, type Piece, piece, type Style } from './paint.ts';
import { dataOf, type ErrorText, errorOf, isOwnName } from './query.ts';
import { titleOf } from './reason.ts';
import type { TreeAttributes, TreeRecord } from './tree-record.ts';
import { valueText } from './value-text.ts';
import { short, type View } from './view.ts';

const MAX_ATTRIBUTES = 8;
const MAX_VALUE = 80;

/** A record: its time, severity and text, what it has of its own, and its error. */
export function* recordRows(record: TreeRecord, task: Task | undefined, view: View): Generator<Line> {
  const error = errorOf(record);
  const said = error === undefined ? '' : titleOf(error);
  const isSaid = said === '' || record.body.includes(error?.message || said);
  yield [
    piece(`${clockTime(record)} `, 'dim'),
    piece(`${severityName(record.severity)} `, styleOf(record.severity)),
    piece(record.body || record.eventName || '(no text)', styleOfBody(record.severity)),
    ...(isSaid ? [] : [piece(`  ${said}`, styleOf(record.severity))]),
    ...dataPieces(record.attributes, task === undefined ? {} : dataOf(task), view),
    ...sitePieces(record.attributes, view),
  ];
  if (error !== undefined) yield* stackRows(error, view);
}

/** Attributes as `name=value`, without those that the task has anyway. */
export function dataPieces(attributes: TreeAttributes, known: TreeAttributes, view: View): Piece[] {
  const own = Object.entries(attributes).filter(
    ([name, value]) => !isOwnName(name) && valueText(known[name]) !== valueText(value),
  );
  const shown = own.slice(0, MAX_ATTRIBUTES).map(([name, value]) => {
    const text = short(valueText(value), MAX_VALUE, view);
    return `${name}=${typeof value === 'string' && /[\s="]|^$/.test(text) ? JSON.stringify(text) : text}`;
  });
  const more = own.length - shown.length;
  if (more > 0) shown.push(`(${more} more)`);
  return shown.length === 0 ? [] : [piece(`  ${shown.join(' ')}`, 'dim')];
}

function sitePieces(attributes: TreeAttributes, view: View): Piece[] {
  const file = attributes[CODE_FILE_PATH];
  if (view.options.unfold !== 'all' || typeof file !== 'string') return [];
  const line = attributes[CODE_LINE_NUMBER];
  return [piece(`  ${file}${line === undefined ? '' : `:${valueText(line)}`}`, 'dim')];
}

const STACK = { failing: { frames: 6, lines: 24 }, all: { frames: 50, lines: 200 } };

/**
 * The stack: of each error in it the frames nearest to where it was thrown, and every line that is no frame,
 * since these name the causes. Of a Python traceback, which ends with the error, the end.
 */
export function* stackRows({ type, message, stacktrace }: ErrorText, view: View): Generator<Line> {
  const { frames, lines } = STACK[view.options.unfold === 'all' ? 'all' : 'failing'];
  // Stacks of megabytes are not split whole.
  const all = stacktrace.slice(0, 262_144).split(/\r?\n/);
  if (all[0]?.startsWith('Traceback')) all.splice(1, Math.max(0, all.length - lines));
  const said = new Set([...`${type}: ${message}`.split(/\r?\n/), ...message.split(/\r?\n/)]);
  let inFrames = 0;
  let left = lines;
  let leftOut = 0;
  for (const line of all) {
    const isFrame = /^\s*at /.test(line);
    inFrames = isFrame ? inFrames + 1 : 0;
    if (line.trim() === '' || (!isFrame && said.has(line.trim()))) continue;
    if (left <= 0 || inFrames > frames) {
      leftOut += 1;
      continue;
    }
    if (leftOut > 0) yield moreOf(leftOut, view);
    leftOut = 0;
    left -= 1;
    yield [piece(`  ${line.trimEnd()}`, isFrame ? 'dim' : 'red')];
  }
  if (leftOut > 0) yield moreOf(leftOut, view);
}

function moreOf(lines: number, { marks }: View): Line {
  return [piece(`    ${marks.cut} ${counted(lines, 'more line')}`, 'dim')];
}

function styleOf(severity: number): Style {
  if (severity >= Severity.ERROR) return 'red';
  return severity >= Severity.WARN ? 'yellow' : 'dim';
}

function styleOfBody(severity: number): Style {
  return severity >= Severity.WARN ? styleOf(severity) : 'plain';
}
