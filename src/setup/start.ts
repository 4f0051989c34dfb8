import { activate, activeBurstlog } from './active.ts';
import { exportAtEnd } from './endings.ts';
import type { Burstlog, StartOptions } from './options.ts';
import { runtimeControls } from './runtime-controls.ts';
import { setUp } from './set-up.ts';
import { startedFrom, undo } from './started.ts';
import { surroundingsOf } from './surroundings.ts';

/**
 * Sets up OpenTelemetry for logs with bursts and for their traces: providers, context manager, propagators,
 * resource, exporter, and the installed instrumentations. Call it before the application loads its logger and
 * its framework, or start Node.js with `--import burstlog/register`, which calls it.
 *
 * It reads `BURSTLOG_*` and the `OTEL_*` variables that `@opentelemetry/sdk-node` reads for logs and traces.
 * Invalid variables and missing packages are reported, and the application starts. If another SDK is already
 * running, burstlog joins it.
 *
 * It loads only packages that the application has installed; only `@opentelemetry/sdk-logs` is required.
 * @throws RangeError or TypeError if an option is invalid
 */
export function start(options: StartOptions = {}): Burstlog {
  const surroundings = surroundingsOf(options);
  const running = activeBurstlog();
  if (running !== undefined) {
    surroundings.report('burstlog is already started; this call of start() has no effect');
    return running;
  }
  if (surroundings.environment.isTrue('OTEL_SDK_DISABLED') || surroundings.file?.isDisabled) {
    return startedFrom({ burst: undefined, providers: [], undoSteps: [] });
  }
  const parts = setUp(surroundings, options);
  const afterwards: (() => void)[] = [() => activate(undefined)];
  const started = startedFrom({ ...parts, undoSteps: [...parts.undoSteps, () => undo(afterwards)] });
  afterwards.push(
    exportAtEnd(started, parts, surroundings.settings.fallback),
    runtimeControls(started, surroundings, 'SIGUSR2'),
  );
  activate(started);
  const missing = surroundings.packages.missing();
  if (missing !== undefined) surroundings.report(missing);
  return started;
}
