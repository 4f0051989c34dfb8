import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';

/** Hears the warnings that are logged through `diag`. End it with `diag.disable()`. */
export function listen(warn: (message: string) => void): void {
  const ignore = () => {};
  const logger: DiagLogger = { error: ignore, warn, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}
