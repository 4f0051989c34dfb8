/** A call, by its line in `Error.stack`. */
export interface Frame {
  readonly functionName: string;
  readonly place: string;
  readonly line: number;
}

const BEGINS = /^\s*at (?:async )?/;
const POSITION = /:(\d+):\d+$/;
/** Two steps below the root of the package's code; as scripts/build.js names it in what is published. */
const THIS_FILE = /(?:task[\\/]frames\.[cm]?[jt]s|parts[\\/]burstlog-frames-[\w-]+\.js)$/;
/** What a task calls to make its context the active one. */
const CONTEXT_MANAGER =
  /[\\/]@opentelemetry[\\/](?:api|context-async-hooks)[\\/]|^node:(?:async_hooks$|internal\/async_local_storage)/;

/** How many frames a task adds to the stack of its callback, at most. */
const FRAMES_OF_A_TASK = 10;
/** How far the limit is raised for tasks inside tasks. */
const MAX_FRAMES = 200;

/**
 * Reads `at name (place:line:column)` or `at place:line:column`, in linear time: a message may look like a frame.
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
 * The lines of the stack here, of which the first is a call in this file. The text is read, not
 * `Error.prepareStackTrace`, which belongs to the application and its source maps.
 * @throws where intrinsics are frozen, or a function of the application that prepares stacks throws
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
 * What the paths of this package's code begin with, by the first line of {@link stackHere}. Empty where it cannot be
 * seen: in a bundle, our code is in one file with the application's.
 */
export function ownPrefix([here = '']: readonly string[]): string {
  const place = frameOf(here)?.place ?? '';
  return THIS_FILE.test(place) ? place.replace(THIS_FILE, '') : '';
}

/**
 * The lines of a stack without the frames of tasks, and without those of the context manager between them. Frames
 * at the top stay: they show where the error was thrown.
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
  // Above the first frame of others, ours show where the error was thrown.
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
 * Raises `Error.stackTraceLimit` by what a task adds to a stack, so that the stack of an error shows as many calls of
 * the application as outside of tasks. Does nothing where stacks are turned off, or the limit cannot be changed.
 * @returns the limit before, for {@link restoreStackLimit}
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

/** Ends what {@link raiseStackLimit} began, unless the application has set a limit of its own since. */
export function restoreStackLimit(before: number | undefined): void {
  if (before !== undefined && Error.stackTraceLimit === before + FRAMES_OF_A_TASK) {
    Error.stackTraceLimit = before;
  }
}
