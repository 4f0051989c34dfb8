// Sends what Nest's Logger logs to OpenTelemetry too, so that burstlog sees it. On the console Nest's own
// lines stay as they are, from `log` on. Copy this file, and pass `{ logger: new BurstlogLogger() }` to
// NestFactory.create().
import { ConsoleLogger, type LoggerService } from '@nestjs/common';
import { type AnyValue, logs, SeverityNumber } from '@opentelemetry/api-logs';

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
    // Nest passes the name of the Logger as the last text.
    const last = rest.at(-1);
    const context = typeof last === 'string' && !isStack(last) ? String(rest.pop()) : 'nest';
    const texts: string[] = [];
    const attributes: Record<string, AnyValue> = {};
    for (const part of [message, ...rest]) {
      if (part instanceof Error) Object.assign(attributes, exceptionOf(part));
      else if (isStack(part)) attributes['exception.stacktrace'] = part;
      else if (typeof part === 'object') Object.assign(attributes, part);
      else if (part !== undefined) texts.push(String(part));
    }
    logs.getLogger(context).emit({
      severityNumber: severities[level],
      severityText: SeverityNumber[severities[level]],
      body: texts.length > 0 ? texts.join(' ') : attributes['exception.message'],
      attributes,
    });
  }
}

function exceptionOf({ name, message, stack }: Error): Record<string, AnyValue> {
  return { 'exception.type': name, 'exception.message': message, 'exception.stacktrace': stack };
}

function isStack(part: unknown): part is string {
  return typeof part === 'string' && /\n\s+at /.test(part);
}
