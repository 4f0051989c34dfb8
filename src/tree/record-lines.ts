import {
  BURST_LAST_ID,
  BURST_REPEAT,
  CODE_FILE_PATH,
  CODE_LINE_NUMBER,
  Severity,
  severityNameOf,
} from '../record/index.ts';
import { clockText, counted, type Style, styleOfSeverity, valueText } from '../text/index.ts';
import { millisOf } from './order.ts';
import { type Line, type Piece, piece } from './paint.ts';
import { type ErrorText, errorOf, isOwnName } from './query.ts';
import { titleOf } from './reason.ts';
import type { TreeAttributes, TreeRecord } from './tree-record.ts';
import { type Look, short } from './view.ts';

const MAX_ATTRIBUTES = 8;
const MAX_VALUE = 80;

const TIME_COLUMNS = 13;
const SEVERITY_COLUMNS = 6;

/**
 * The lines of a record: its time, severity and text, its own attributes, and its error.
 * @param known attributes that are already shown, such as those of the task
 */
export function* recordLines(record: TreeRecord, known: TreeAttributes, look: Look): Generator<Line> {
  let isFirst = true;
  for (const line of bodyLines(record, known, look)) {
    yield [isFirst ? timePiece(record) : noTime, ...line];
    isFirst = false;
  }
  yield* errorLines(record, look);
}

/** The time as `06:12:36.123` and a space. */
export function timePiece(record: TreeRecord): Piece {
  return piece(`${clockText(millisOf(record))} `, 'dim');
}

/** As wide as a time. */
export const noTime: Piece = piece(' '.repeat(TIME_COLUMNS));

/** The lines of a record without its time and stack. @param source pieces that name its service and logger */
export function* bodyLines(
  record: TreeRecord,
  known: TreeAttributes,
  look: Look,
  source: readonly Piece[] = [],
): Generator<Line> {
  const error = errorOf(record);
  const title = error === undefined ? '' : titleOf(error);
  const isInText = title === '' || record.body.includes(error?.message || title);
  const style = styleOfBody(record.severity);
  const [first = '', ...more] = textLines(record.body || record.eventName || '(no text)', look);
  yield [
    piece(severityName(record.severity), styleOfSeverity(record.severity)),
    piece(' '),
    ...source,
    piece(first, style),
    ...(isInText ? [] : [piece(`  ${title}`, style)]),
    ...dataPieces(record.attributes, known, look),
    ...repeatPieces(record.attributes),
    ...sitePieces(record.attributes, look),
  ];
  for (const line of more) yield [piece(' '.repeat(SEVERITY_COLUMNS)), piece(line, style)];
}

/** The stack of a record's error. */
export function* errorLines(record: TreeRecord, look: Look): Generator<Line> {
  const error = errorOf(record);
  if (error !== undefined) yield* stackLines(error, look);
}

/** The lines of a text; for a long text the first ones, and the number of the others. */
export function textLines(text: string, { options, marks }: Look): string[] {
  if (!text.includes('\n')) return [text];
  const max = options.unfold === 'all' ? 200 : 24;
  // Very large texts are not split completely.
  const lines = text.slice(0, 262_144).trimEnd().split(/\r?\n/);
  const more = lines.length - max;
  return more <= 0 ? lines : [...lines.slice(0, max), `${marks.cut} ${counted(more, 'more line')}`];
}

/** Attributes as `name=value`, without those that the task already has. */
export function dataPieces(attributes: TreeAttributes, known: TreeAttributes, look: Look): Piece[] {
  const own = Object.entries(attributes).filter(
    ([name, value]) => (value ?? undefined) !== undefined && !isOwnName(name) && !isKnown(name, value, known),
  );
  const shown = own.slice(0, MAX_ATTRIBUTES).map(([name, value]) => {
    const text = short(valueText(value), MAX_VALUE, look);
    return `${name}=${typeof value === 'string' && /[\s="]|^$/.test(text) ? JSON.stringify(text) : text}`;
  });
  const more = own.length - shown.length;
  if (more > 0) shown.push(`(${more} more)`);
  return shown.length === 0 ? [] : [piece(`  ${shown.join(' ')}`, 'dim')];
}

function isKnown(name: string, value: unknown, known: TreeAttributes): boolean {
  return Object.hasOwn(known, name) && valueText(known[name]) === valueText(value);
}

/** Marks a repeated error, whose burst was not released again. */
function repeatPieces(attributes: TreeAttributes): Piece[] {
  const repeat = attributes[BURST_REPEAT];
  if (typeof repeat !== 'number') return [];
  const last = attributes[BURST_LAST_ID];
  const whole = typeof last === 'string' ? `, see burst ${last}` : '';
  return [piece(`  (number ${repeat} of this error${whole})`, 'dim')];
}

function sitePieces(attributes: TreeAttributes, { options }: Look): Piece[] {
  const file = attributes[CODE_FILE_PATH];
  if (options.unfold !== 'all' || typeof file !== 'string') return [];
  const line = attributes[CODE_LINE_NUMBER];
  return [piece(`  ${file}${line === undefined ? '' : `:${valueText(line)}`}`, 'dim')];
}

const STACK = { failing: { frames: 6, lines: 24 }, all: { frames: 50, lines: 200 } };

/**
 * The stack: for each error in it the frames closest to the throw, and every line that is not a frame,
 * because these lines name the causes. For a Python traceback, which ends with the error, its last lines.
 */
export function* stackLines({ type, message, stacktrace }: ErrorText, look: Look): Generator<Line> {
  const { frames, lines } = STACK[look.options.unfold === 'all' ? 'all' : 'failing'];
  // Very large stacks are not split completely.
  const all = stacktrace.slice(0, 262_144).split(/\r?\n/);
  if (all[0]?.startsWith('Traceback')) all.splice(1, Math.max(0, all.length - lines));
  const shown = new Set([...`${type}: ${message}`.split(/\r?\n/), ...message.split(/\r?\n/)]);
  let inFrames = 0;
  let left = lines;
  let omitted = 0;
  for (const line of all) {
    const isFrame = /^\s*at /.test(line);
    inFrames = isFrame ? inFrames + 1 : 0;
    if (line.trim() === '' || (!isFrame && shown.has(line.trim()))) continue;
    if (left <= 0 || inFrames > frames) {
      omitted += 1;
      continue;
    }
    if (omitted > 0) yield moreOf(omitted, look);
    omitted = 0;
    left -= 1;
    yield [piece(`  ${line.trimEnd()}`, isFrame ? 'dim' : 'red')];
  }
  if (omitted > 0) yield moreOf(omitted, look);
}

function moreOf(lines: number, { marks }: Look): Line {
  return [piece(`    ${marks.cut} ${counted(lines, 'more line')}`, 'dim')];
}

function styleOfBody(severity: number): Style {
  if (severity >= Severity.ERROR) return 'red';
  return severity >= Severity.WARN ? styleOfSeverity(severity) : 'plain';
}

/** The name of a severity, padded to five characters. */
function severityName(severity: number): string {
  return (severityNameOf(severity)?.replace(/\d$/, '') ?? '').padEnd(5);
}
