import { inspect } from 'node:util';
import { errorText } from '../record/index.ts';
import { withoutTaskFrames } from './frames.ts';
import { printable } from './message.ts';

/** The type and message of a thrown value. */
export interface Failure {
  /** The class, for `exception.type` and `error.type`. It has low cardinality. */
  readonly type: string;
  readonly message: string;
}

/** The maximum length of an error's type, in characters. */
const MAX_TYPE = 256;
/** The maximum length of an error's message, in characters. */
const MAX_MESSAGE = 4_096;
/** The maximum length of a stack including all causes, in characters. */
const MAX_STACK = 32_768;
/**
 * The maximum number of errors in a stack, including causes and members of an AggregateError, and their
 * depth.
 */
const MAX_RELATED = 16;
const MAX_DEPTH = 8;

/** The value of `error.type` if nothing was thrown (semantic conventions, `error.type`). */
export const NO_ERROR_TYPE = '_OTHER';

/** Returns type and message of any thrown value: an error, a string, null, a plain object. Never throws. */
export function describe(thrown: unknown): Failure {
  try {
    return { type: cut(typeOf(thrown), MAX_TYPE), message: cut(messageOf(thrown), MAX_MESSAGE) };
  } catch (error) {
    return { type: 'Error', message: `an error that cannot be shown: ${errorText(error)}` };
  }
}

/**
 * Whether the work was cancelled (`AbortController.abort()`), which is not a failure. A timeout
 * (`AbortSignal.timeout()`) is a failure: Node's functions then throw an AbortError with a TimeoutError as
 * cause.
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
 * representation of the language". Undefined if the thrown value is not an error.
 */
export function stackOf(thrown: unknown): string | undefined {
  const lines: string[] = [];
  try {
    if (!isErrorLike(thrown)) return undefined;
    writeStack(thrown, '', lines, new Set(), 0);
  } catch {
    // A getter of a cause threw. The lines read so far are kept.
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

/** Whether a value is an error. Unlike `instanceof`, it accepts errors of other realms and DOMException. */
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

/** Returns the error's name, or the name of its class if a subclass does not set a name. */
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

/**
 * Returns the messages of the members, because Node's own AggregateErrors (refused connections) have no
 * message.
 */
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
  // Twice the bound, because the frames of tasks are removed.
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
