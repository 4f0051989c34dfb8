import { fileURLToPath } from 'node:url';

/** Where a record was logged. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly functionName: string | undefined;
}

/** Loggers and their instrumentations lie many calls deep. */
const MAX_FRAMES = 50;

/** A frame in `Error.stack`: `at name (place:line:column)` or `at place:line:column`. */
const FRAME = /^\s*at (?:async )?(?:(.*?) \()?(.*?):(\d+):\d+\)?$/;

/** Files of packages, and of Node itself. */
const NOT_THE_APPLICATION = /[\\/]node_modules[\\/]|^node:|^native |^<anonymous>/;

/**
 * The nearest caller that is no package: the line of the application that logged. The text of the stack is
 * read, not `Error.prepareStackTrace`, which belongs to the application and its source maps.
 */
export function callSite(): CallSite | undefined {
  try {
    return nearest(currentStack());
  } catch {
    // Intrinsics are frozen, or a function of the application that prepares stacks threw.
    return undefined;
  }
}

function currentStack(): unknown {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  try {
    return new Error().stack;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

function nearest(stack: unknown): CallSite | undefined {
  if (typeof stack !== 'string') return undefined;
  const [, here = '', ...callers] = stack.split('\n');
  // This file is two steps below the root of the package's code.
  const ours = (FRAME.exec(here)?.[2] ?? '').replace(/[^\\/]*[\\/][^\\/]*$/, '');
  for (const line of callers) {
    const site = read(line, ours);
    if (site !== undefined) return site;
  }
  return undefined;
}

function read(line: string, ours: string): CallSite | undefined {
  const match = FRAME.exec(line);
  if (match === null) return undefined;
  const [, functionName, place = '', number = ''] = match;
  if (NOT_THE_APPLICATION.test(place) || !/[\\/]/.test(place)) return undefined;
  if (ours !== '' && place.startsWith(ours)) return undefined;
  return {
    file: place.startsWith('file:') ? fileURLToPath(place) : place,
    line: Number(number),
    functionName: functionName === '' ? undefined : functionName,
  };
}
