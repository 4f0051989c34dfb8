import type { Io } from '../io.ts';

const POLL_MILLIS = 500;

/**
 * Detects that `npx` has ended. `npx` sends SIGTERM to the shell that runs the program, and a shell such as
 * dash ends without forwarding it: the program would continue as an orphan, with its ports and its data
 * directory.
 * @returns a function that stops the detection
 */
export function untilOrphaned({ environment }: Io, orphaned: () => void): () => void {
  // A process with another parent may outlive it on purpose.
  if (environment.npm_lifecycle_event !== 'npx' || process.ppid === 1) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    orphaned();
  }, POLL_MILLIS);
  timer.unref();
  return () => clearInterval(timer);
}
