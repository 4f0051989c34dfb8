import { inspect } from 'node:util';
import { errorText } from '../record/index.ts';
import { withoutTaskFrames } from './frames.ts';
import { printable } from './message.ts';

/** The type and message of a thrown value. */
export interface Failure {
  /** Its class, for `exception.type` and `error.type`. It has few different values. */
  readonly type: string;
  readonly message: string;
}

/** How long the name of an error's class may be, in characters. */
const MAX_TYPE = 256;
/** How long a message of an error may be in a record, in characters. */
const MAX_MESSAGE = 4_096;
/** How long a stack with all its causes may be, in characters. */
const MAX_STACK = 32_768;
/** How many errors are in a stack, causes and members of an AggregateError among them, and how deep. */
const MAX_RELATED = 16;
const MAX_DEPTH = 8;

/** `error.type` where nothing was thrown (semantic conventions, `error.type`). */
export const NO_ERROR_TYPE = '_OTHER';

/** Type and message of whatever was thrown: an error, a string, null, a plain object. Never throws. */
export function describe(thrown: unknown): Failure {
  try {
    return { type: cut(typeOf(thrown), MAX_TYPE), message: cut(messageOf(thrown), MAX_MESSAGE) };
  } catch (error) {
    return { type: 'Error', message: `an error that cannot be shown: ${errorText(error)}` };
  }
}

/**
 * Whether the work was cancelled (`AbortController.abort()`), which is no failure. A timeout is one
 * (`AbortSignal.timeout()`): Node's own functions then throw an AbortError whose cause is the TimeoutError.
 */
export function isAbort(thrown: unknown): boolean {
  try {
    if (!isErrorLike(thrown) || thrown.name !== 'AbortError') return false;
    return !isErrorLike(thrown.cause) || thrown.cause.name !== 'TimeoutError';
  } catch {
    return false;
  }
}

/**
 * The stack, then the causes and the members of an AggregateError: `exception.stacktrace` is "in the natural
 * representation of the language". Undefined for a thrown value that is no error.
 */
export function stackOf(thrown: unknown): string | undefined {
  const lines: string[] = [];
  try {
    if (!isErrorLike(thrown)) return undefined;
    writeStack(thrown, '', lines, new Set(), 0);
  } catch {
    // A getter of a cause threw: what was read before is kept.
  }
  return lines.length === 0 ? undefined : cut(lines.join('\n'), MAX_STACK);
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** Errors of other realms and DOMException too, so not by `instanceof`. */
function isErrorLike(value: unknown): value is ErrorLike {
  if (value instanceof Error) return true;
  const like = value as ErrorLike | null;
  return (
    typeof like === 'object' &&
    like !== null &&
    typeof like.name === 'string' &&
    typeof like.message === 'string'
  );
}

/** The name; where a subclass does not set one, that of its class. */
function typeOf(thrown: unknown): string {
  if (thrown === null) return 'null';
  if (typeof thrown !== 'object') return typeof thrown;
  const own = (thrown as { constructor?: { name?: unknown } }).constructor?.name;
  const className = typeof own === 'string' && own !== '' ? own : 'Object';
  if (!isErrorLike(thrown)) return className;
  const name = String(thrown.name);
  return name !== '' && name !== 'Error' ? name : className;
}

function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  if (isErrorLike(thrown)) return thrown.message === '' ? messageOfMembers(thrown) : String(thrown.message);
  const shown = printable(thrown);
  return typeof shown === 'object' && shown !== null
    ? inspect(shown, { depth: 2, breakLength: Infinity })
    : String(shown);
}

/** An AggregateError of Node's own, as from a refused connection, has no message: its members have. */
function messageOfMembers(error: ErrorLike): string {
  if (!Array.isArray(error.errors)) return '';
  return error.errors
    .slice(0, MAX_RELATED)
    .map((member) => describe(member).message)
    .join('; ');
}

function writeStack(
  thrown: unknown,
  title: string,
  lines: string[],
  seen: Set<unknown>,
  depth: number,
): void {
  const indent = '  '.repeat(depth);
  if (!isErrorLike(thrown)) {
    const { type, message } = describe(thrown);
    lines.push(`${indent}${title}${type}: ${message}`);
    return;
  }
  if (seen.has(thrown)) {
    lines.push(`${indent}${title}[circular]`);
    return;
  }
  seen.add(thrown);
  const text =
    typeof thrown.stack === 'string' && thrown.stack !== ''
      ? thrown.stack
      : `${thrown.name}: ${thrown.message}`;
  // With room for the frames that are left out.
  const written = withoutTaskFrames(text.slice(0, MAX_STACK * 2).split('\n'));
  for (const [at, line] of written.entries()) lines.push(`${indent}${at === 0 ? title : ''}${line}`);
  if (depth >= MAX_DEPTH || seen.size >= MAX_RELATED) return;
  if (thrown.cause !== undefined) writeStack(thrown.cause, 'Caused by: ', lines, seen, depth);
  if (!Array.isArray(thrown.errors)) return;
  for (const [at, member] of thrown.errors.slice(0, MAX_RELATED).entries()) {
    if (seen.size >= MAX_RELATED) return;
    writeStack(member, `Member ${at + 1}: `, lines, seen, depth + 1);
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}
