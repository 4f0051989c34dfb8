// Sends what Nest's Logger logs to OpenTelemetry too, so that burstlog sees it. On the console Nest's own lines stay as they
// are, from `log` on. Copy this file, and pass `{ logger: new BurstlogLogger() }` to NestFactory.create().
import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { logs, SeverityNumber } from '@opentelemetry/api-logs';

const severities = {
  verbose: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  log: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};
type Level = keyof typeof severities;

export class BurstlogLogger implements LoggerService {
  readonly #console = new ConsoleLogger({ logLevels: ['log', 'warn', 'error', 'fatal'] });

  verbose = (...parts: unknown[]) => this.#write('verbose', parts);
  debug = (...parts: unknown[]) => this.#write('debug', parts);
  log = (...parts: unknown[]) => this.#write('log', parts);
  warn = (...parts: unknown[]) => this.#write('warn', parts);
  error = (...parts: unknown[]) => this.#write('error', parts);
  fatal = (...parts: unknown[]) => this.#write('fatal', parts);

  #write(level: Level, parts: unknown[]): void {
    const [message, ...rest] = parts;
    this.#console[level](message, ...rest);
    // Nest passes the name of the Logger as the last text, and the stack of an error as the text before it.
    const context = typeof rest.at(-1) === 'string' ? String(rest.pop()) : 'nest';
    const attributes = {};
    for (const part of [message, ...rest]) Object.assign(attributes, attributesOf(part));
    logs.getLogger(context).emit({
      severityNumber: severities[level],
      severityText: level.toUpperCase(),
      body: message instanceof Error ? message.message : typeof message === 'object' ? '' : String(message),
      attributes,
    });
  }
}

/** Objects become attributes; errors, and texts that are stacks, those of an exception. */
function attributesOf(part: unknown): object {
  if (part instanceof Error) {
    const { name, message, stack } = part;
    return { 'exception.type': name, 'exception.message': message, 'exception.stacktrace': stack };
  }
  if (typeof part === 'string') return /\n\s+at /.test(part) ? { 'exception.stacktrace': part } : {};
  return typeof part === 'object' && part !== null ? part : {};
}
