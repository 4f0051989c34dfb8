import type { Burstlog } from './options.ts';
import { releaseOnSignal, runsUnderNodemon } from './release-signal.ts';
import type { Surroundings } from './surroundings.ts';
import { VerbosityFile } from './verbosity-file.ts';

/**
 * Starts the controls of a running application: the file with verbosity rules, and the signal that releases
 * all held records.
 * @returns a function that stops both
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
