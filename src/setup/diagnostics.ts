import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { errorText, watcher } from '../record/index.ts';
import { listed } from '../settings/index.ts';
import type { Environment } from './environment.ts';
import { registeredApi } from './registered-api.ts';

const levels: Readonly<Record<string, DiagLogLevel>> = {
  NONE: DiagLogLevel.NONE,
  ERROR: DiagLogLevel.ERROR,
  WARN: DiagLogLevel.WARN,
  INFO: DiagLogLevel.INFO,
  DEBUG: DiagLogLevel.DEBUG,
  VERBOSE: DiagLogLevel.VERBOSE,
  ALL: DiagLogLevel.ALL,
};

/**
 * Makes warnings visible: without a logger, OpenTelemetry's `diag` discards them. A logger of the application
 * is kept. Ours writes to standard error from `OTEL_LOG_LEVEL` on, by default from WARN.
 * @returns a function that reports a message to `diag`, or to standard error if `diag` cannot be used
 */
export function setUpDiagnostics(environment: Environment): (message: string) => void {
  const given = environment.OTEL_LOG_LEVEL?.trim() ?? '';
  const known = levels[given.toUpperCase()];
  const level = known ?? DiagLogLevel.WARN;
  let isReachable = registeredApi()?.diag !== undefined;
  if (!isReachable) isReachable = diag.setLogger(errorStreamLogger, { logLevel: level });
  const report = (message: string) => {
    const text = `burstlog: ${message}`;
    watcher()?.warning(text);
    if (!isReachable) {
      if (level >= DiagLogLevel.WARN) write('warn', [text]);
      return;
    }
    try {
      diag.warn(text);
    } catch {
      // If a diag logger of the application throws, the application still starts.
    }
  };
  if (given !== '' && known === undefined) {
    const names = listed(Object.keys(levels));
    report(`OTEL_LOG_LEVEL must be ${names}, got ${JSON.stringify(given)}; it is ignored`);
  }
  return report;
}

/** Not `console`: an instrumentation of it would turn these messages into records. */
const errorStreamLogger: DiagLogger = {
  error: (...parts) => write('error', parts),
  warn: (...parts) => write('warn', parts),
  info: (...parts) => write('info', parts),
  debug: (...parts) => write('debug', parts),
  verbose: (...parts) => write('verbose', parts),
};

function write(level: string, parts: readonly unknown[]): void {
  const text = parts.map((part) => (typeof part === 'string' ? part : errorText(part))).join(' ');
  process.stderr.write(`[otel ${level}] ${text}\n`);
}
