import { fileURLToPath } from 'node:url';
import { type Frame, frameOf, ownPrefix, stackHere } from './frames.ts';

/** The source location of a logging call. */
export interface CallSite {
  readonly file: string;
  readonly line: number;
  readonly functionName: string | undefined;
}

/** The maximum number of frames to search. Loggers and their instrumentations take many of them. */
const MAX_FRAMES = 50;

/** Matches files of packages and of Node itself. */
const NOT_THE_APPLICATION = /[\\/]node_modules[\\/]|^node:|^native |^<anonymous>/;

/**
 * Returns the nearest caller outside of packages: the line of the application that logged.
 * @returns undefined if it cannot be determined, for example in a bundle
 */
export function callSite(): CallSite | undefined {
  try {
    const lines = stackHere(MAX_FRAMES);
    const prefix = ownPrefix(lines);
    if (prefix === '') return undefined;
    for (const line of lines) {
      const frame = frameOf(line);
      if (frame !== undefined && isApplication(frame, prefix)) return siteOf(frame);
    }
  } catch {
    // Stacks cannot be read.
  }
  return undefined;
}

function isApplication({ place }: Frame, prefix: string): boolean {
  return !NOT_THE_APPLICATION.test(place) && /[\\/]/.test(place) && !place.startsWith(prefix);
}

function siteOf({ place, line, functionName }: Frame): CallSite {
  return {
    file: place.startsWith('file:') ? fileURLToPath(place) : place,
    line,
    functionName: functionName === '' ? undefined : functionName,
  };
}
