import type { Burstlog } from './options.ts';
import { releaseOnSignal, runsUnderNodemon } from './release-signal.ts';
import type { Surroundings } from './surroundings.ts';
import { VerbosityFile } from './verbosity-file.ts';

/**
 * What controls a running application from outside: the file with rules of verbosity, and the signal that releases
 * everything held.
 * @returns a function that ends both
 */
export function runtimeControls(
  started: Burstlog,
  { settings, report }: Surroundings,
  defaultSignal: 'SIGUSR2' | 'none',
): () => void {
  if (started.stats() === undefined) return () => {};
  const { verbosityFile: path, releaseSignal = runsUnderNodemon(process.env) ? 'none' : defaultSignal } =
    settings;
  const file = path === undefined ? undefined : new VerbosityFile(path, started, report);
  const release = (reason: string) => started.burst({ keys: 'all', reason });
  const stop =
    releaseSignal === 'none' ? undefined : releaseOnSignal(releaseSignal, () => release(releaseSignal));
  return () => {
    file?.end();
    stop?.();
  };
}
