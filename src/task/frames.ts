/** A call, parsed from a line of `Error.stack`. */
export interface Frame {
  readonly functionName: string;
  readonly place: string;
  readonly line: number;
}

const BEGINS = /^\s*at (?:async )?/;
const POSITION = /:(\d+):\d+$/;
/**
 * Matches this file: two levels below the root of the code, or by its name in the bundle of scripts/build.js.
 */
const THIS_FILE = /(?:task[\\/]frames\.[cm]?[jt]s|parts[\\/]burstlog-frames-[\w-]+\.js)$/;
/** Matches the files that a task calls to activate its context. */
const CONTEXT_MANAGER =
  /[\\/]@opentelemetry[\\/](?:api|context-async-hooks)[\\/]|^node:(?:async_hooks$|internal\/async_local_storage)/;

/** The maximum number of frames that a task adds to the stack of its callback. */
const FRAMES_OF_A_TASK = 10;
/** The maximum to which the stack limit is raised by nested tasks. */
const MAX_FRAMES = 200;

/**
 * Parses `at name (place:line:column)` or `at place:line:column`, in linear time, because a line of a message
 * may look like a frame.
 * @returns undefined for any other line
 */
export function frameOf(line: string): Frame | undefined {
  const [begins] = BEGINS.exec(line) ?? [];
  if (begins === undefined) return undefined;
  const opens = line.endsWith(')') ? line.indexOf(' (', begins.length) : -1;
  const text = opens < 0 ? line.slice(begins.length) : line.slice(opens + 2, -1);
  const position = POSITION.exec(text);
  if (position === null) return undefined;
  return {
    functionName: opens < 0 ? '' : line.slice(begins.length, opens),
    place: text.slice(0, position.index),
    line: Number(position[1]),
  };
}

/**
 * Returns the lines of the current stack; the first one is a call in this file. The text is parsed, because
 * `Error.prepareStackTrace` belongs to the application and its source maps.
 * @throws if intrinsics are frozen, or the application's `Error.prepareStackTrace` throws
 */
export function stackHere(maxFrames: number): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = maxFrames;
  try {
    const { stack } = new Error();
    return typeof stack === 'string' ? stack.split('\n').slice(1) : [];
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/**
 * Returns the path prefix of this package's code, from the first line of {@link stackHere}. It is empty in a
 * bundle, in which this code is in the same file as the application's.
 */
export function ownPrefix([here = '']: readonly string[]): string {
  const place = frameOf(here)?.place ?? '';
  return THIS_FILE.test(place) ? place.replace(THIS_FILE, '') : '';
}

/**
 * Removes the frames of tasks, and of the context manager between them, from the lines of a stack. Frames at
 * the top are kept, because they show where the error was thrown.
 */
export function withoutTaskFrames(lines: readonly string[]): readonly string[] {
  try {
    const prefix = ownPrefix(stackHere(1));
    return prefix === '' ? lines : withoutFrames(lines, prefix);
  } catch {
    return lines;
  }
}

function withoutFrames(lines: readonly string[], prefix: string): readonly string[] {
  const kept: string[] = [];
  let between: string[] = [];
  let hasOwn = false;
  // Until the first other frame, the frames of this package show where the error was thrown.
  let isTop = true;
  for (const line of lines) {
    const frame = frameOf(line);
    const place = frame?.place ?? '';
    const isOwn = place.startsWith(prefix);
    if (isOwn || CONTEXT_MANAGER.test(place)) {
      between.push(line);
      hasOwn ||= isOwn;
      continue;
    }
    if (!hasOwn || isTop) kept.push(...between);
    kept.push(line);
    isTop &&= frame === undefined;
    between = [];
    hasOwn = false;
  }
  return hasOwn && !isTop ? kept : [...kept, ...between];
}

/**
 * Raises `Error.stackTraceLimit` by the number of frames that a task adds, so that a stack shows as many
 * calls of the application as outside of tasks. Does nothing if stacks are disabled, or the limit cannot be
 * changed.
 * @returns the previous limit, for {@link restoreStackLimit}
 */
export function raiseStackLimit(): number | undefined {
  const limit: unknown = Error.stackTraceLimit;
  if (typeof limit !== 'number' || !(limit > 0 && limit < MAX_FRAMES)) return undefined;
  try {
    Error.stackTraceLimit = limit + FRAMES_OF_A_TASK;
    return limit;
  } catch {
    // Intrinsics are frozen.
    return undefined;
  }
}

/**
 * Restores the limit before {@link raiseStackLimit}, unless the application has changed it in the meantime.
 */
export function restoreStackLimit(before: number | undefined): void {
  if (before !== undefined && Error.stackTraceLimit === before + FRAMES_OF_A_TASK) {
    Error.stackTraceLimit = before;
  }
}
