import type { Io } from '../io.ts';

const LOOK_MILLIS = 500;

/**
 * Notices that `npx` has ended. `npx` passes SIGTERM on to the shell that it runs a program by, and a shell such as dash
 * ends of it without passing it on: the program would go on as an orphan, with its ports and its data directory.
 * @returns a function that stops looking
 */
export function untilOrphaned({ environment }: Io, orphaned: () => void): () => void {
  // What somebody else has started may outlive him on purpose.
  if (environment.npm_lifecycle_event !== 'npx' || process.ppid === 1) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    orphaned();
  }, LOOK_MILLIS);
  timer.unref();
  return () => clearInterval(timer);
}
