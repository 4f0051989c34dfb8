import { activate, activeBurstlog } from './active.ts';
import { exportAtEnd } from './endings.ts';
import type { Burstlog, StartOptions } from './options.ts';
import { runtimeControls } from './runtime-controls.ts';
import { setUp } from './set-up.ts';
import { startedFrom, undo } from './started.ts';
import { surroundingsOf } from './surroundings.ts';

/**
 * Sets up OpenTelemetry for logs with bursts, and for the traces that they belong to: providers, context manager,
 * propagators, resource, exporter, and the instrumentations that are installed. Call it before the application loads its
 * logger and its framework, or start Node with `--import burstlog/register`, which does that.
 *
 * It reads the `OTEL_*` variables that `@opentelemetry/sdk-node` reads for logs and traces, and `BURSTLOG_*`. What is
 * wrong in the environment, and what is not installed, is reported, and the application starts. Where another SDK is
 * running already, it joins it.
 *
 * What is loaded is what the application has installed; only `@opentelemetry/sdk-logs` has to be.
 * @throws RangeError or TypeError when an option is wrong
 */
export function start(options: StartOptions = {}): Burstlog {
  const surroundings = surroundingsOf(options);
  const running = activeBurstlog();
  if (running !== undefined) {
    surroundings.report('it was started before; this call of start() changes nothing');
    return running;
  }
  if (surroundings.environment.isTrue('OTEL_SDK_DISABLED') || surroundings.file?.isDisabled) {
    return startedFrom({ burst: undefined, providers: [], takeBack: [] });
  }
  const parts = setUp(surroundings, options);
  const afterwards: (() => void)[] = [() => activate(undefined)];
  const started = startedFrom({ ...parts, takeBack: [...parts.takeBack, () => undo(afterwards)] });
  afterwards.push(
    exportAtEnd(started, parts, surroundings.settings.fallback),
    runtimeControls(started, surroundings, 'SIGUSR2'),
  );
  activate(started);
  const missing = surroundings.packages.missing();
  if (missing !== undefined) surroundings.report(missing);
  return started;
}
