import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Accepted, Batch, Intake, OwnLog, SelfLogStats } from '../component/index.ts';
import { type DecodedLogRecord, encodeDecoded, type KeyValue } from '../otlp/index.ts';
import {
  type Clock,
  parseSeverity,
  type SeverityLike,
  severityNameOf,
  systemClock,
} from '../record/index.ts';

/** Options of {@link SelfLogs}. */
export interface SelfLogsOptions {
  readonly version: string;
  /** The minimum severity of records that go into the journal. Default: INFO. */
  readonly severity?: SeverityLike | undefined;
  /** Whether records are also written to standard error, one line each. Default: true. */
  readonly console?: boolean | undefined;
  /** The stream for the lines. Default: standard error. */
  readonly stream?: LogStream | undefined;
  readonly clock?: Clock | undefined;
}

/** A destination of lines, a subset of Writable. */
export interface LogStream {
  write(text: string): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

type LogAttributes = Readonly<Record<string, string | number | boolean>>;

/** The maximum number of records that wait for the journal. The oldest are dropped and counted. */
const MAX_WAITING = 1_000;
/**
 * The maximum number of similar records in {@link WINDOW_MILLIS}; the next one reports how many were
 * suppressed.
 */
const MAX_ALIKE = 10;
const WINDOW_MILLIS = 10_000;
const MAX_KINDS = 256;
/** The maximum length of a message and of an attribute value. Errors may have texts of any length. */
const MAX_TEXT = 4_096;
const RETRY_MILLIS = 1_000;
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * The daemon's own log (`ownRecords` in the configuration). Its records go through the journal to the sinks
 * like all other records, and are printed to standard error.
 *
 * Prevents feedback loops: an error on that path is counted but not logged, and messages of the journal while
 * it appends one of these records are only printed. Messages that differ only in numbers and quoted text are
 * limited to ten in ten seconds. No method throws.
 */
export class SelfLogs implements OwnLog {
  readonly #severity: number;
  readonly #stream: LogStream | undefined;
  readonly #clock: Clock;
  readonly #resource: readonly KeyValue[];
  readonly #seen = new Map<string, { until: number; count: number }>();
  #intake: Intake | undefined;
  #waiting: DecodedLogRecord[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #isAppending = false;
  #cancelRetry = () => {};
  /**
   * `dropped`: records that did not reach the journal. `suppressed`: repeated records, which are not written.
   */
  readonly #stats = { dropped: 0, suppressed: 0 };

  constructor({ version, severity = 'INFO', console = true, stream, clock = systemClock }: SelfLogsOptions) {
    this.#severity = parseSeverity('ownRecords.severity', severity);
    this.#stream = console ? (stream ?? process.stderr) : undefined;
    // Without a listener, a pipe whose reader has ended would end the daemon.
    this.#stream?.on?.('error', () => {});
    this.#clock = clock;
    this.#resource = [
      ['service.name', 'distlogd'],
      ['service.version', version],
      ['service.instance.id', randomUUID()],
      ['host.name', hostname()],
      ['process.pid', process.pid],
    ];
  }

  /** Sends records to the journal from now on, including those that were logged before. */
  attach(intake: Intake): void {
    this.#intake = intake;
    this.#write();
  }

  emit(severity: number, message: string, attributes: LogAttributes = {}): void {
    const before = this.#suppressedBefore(severity, message);
    if (before === undefined) {
      this.#stats.suppressed += 1;
      return;
    }
    const text = cut(message);
    const body = before === 0 ? text : `${text} (${before} similar messages suppressed since the last one)`;
    this.#print(severity, body, attributes);
    if (severity < this.#severity || this.#isClosed || this.#isAppending) return;
    this.#waiting.push(this.#record(severity, body, attributes));
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#stats.dropped += 1;
    }
    this.#write();
  }

  stats(): SelfLogStats {
    return { ...this.#stats };
  }

  /** Resolves when all records are in the journal, or cannot be written to it. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Stops sending records to the journal and drops the waiting ones. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    await this.#writing;
    this.#stats.dropped += this.#waiting.length;
    this.#waiting = [];
  }

  /**
   * Returns how many similar messages were suppressed before this one; undefined if this one is suppressed
   * too.
   */
  #suppressedBefore(severity: number, message: string): number | undefined {
    const now = this.#clock.now();
    const kind = kindOf(severity, message);
    const seen = this.#seen.get(kind);
    if (seen === undefined || now >= seen.until || now < seen.until - WINDOW_MILLIS) {
      if (this.#seen.size >= MAX_KINDS) this.#seen.clear();
      this.#seen.set(kind, { until: now + WINDOW_MILLIS, count: 1 });
      return Math.max(0, (seen?.count ?? 0) - MAX_ALIKE);
    }
    seen.count += 1;
    return seen.count > MAX_ALIKE ? undefined : 0;
  }

  #print(severity: number, message: string, attributes: LogAttributes): void {
    if (this.#stream === undefined) return;
    const time = new Date(this.#clock.now()).toISOString();
    const more = Object.entries(attributes).map(([name, value]) => `  ${name}=${cut(String(value))}`);
    const line = `${time} ${(severityNameOf(severity) ?? '').padEnd(5)} distlogd: ${message}${more.join('')}`;
    try {
      this.#stream.write(`${line.replace(CONTROL, ' ')}\n`);
    } catch {
      // The error cannot be logged.
    }
  }

  #record(severityNumber: number, body: string, attributes: LogAttributes): DecodedLogRecord {
    const time = BigInt(Math.trunc(this.#clock.now())) * 1_000_000n;
    return {
      timeUnixNano: time,
      observedTimeUnixNano: time,
      severityNumber,
      severityText: severityNameOf(severityNumber) ?? '',
      body,
      attributes: Object.entries(attributes).map(([name, value]) => [
        name,
        typeof value === 'string' ? cut(value) : value,
      ]),
      droppedAttributesCount: 0,
      flags: 0,
      traceId: '',
      spanId: '',
      eventName: '',
    };
  }

  #write(): void {
    if (this.#intake === undefined || this.#writing !== undefined || this.#waiting.length === 0) return;
    this.#writing = this.#writeAll(this.#intake);
  }

  async #writeAll(intake: Intake): Promise<void> {
    // Records that are logged in the same turn share a batch.
    await undefined;
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      if (await this.#append(intake, records)) continue;
      const waiting = [...records, ...this.#waiting];
      this.#stats.dropped += Math.max(0, waiting.length - MAX_WAITING);
      this.#waiting = waiting.slice(-MAX_WAITING);
      this.#cancelRetry();
      if (!this.#isClosed) this.#cancelRetry = this.#clock.after(RETRY_MILLIS, () => this.#write());
      break;
    }
    // Synchronously after the last check, so that no record logged later is left waiting.
    this.#writing = undefined;
  }

  /** @returns false if the journal is full and the records may be retried */
  async #append(intake: Intake, records: readonly DecodedLogRecord[]): Promise<boolean> {
    try {
      const scope = {
        name: 'distlogd',
        version: '',
        schemaUrl: '',
        attributes: [],
        droppedAttributesCount: 0,
        records,
      };
      const resource = {
        attributes: this.#resource,
        droppedAttributesCount: 0,
        schemaUrl: '',
        scopes: [scope],
      };
      const body = encodeDecoded({ resources: [resource] });
      const { kind } = await this.#hand(intake, { body, records: records.length });
      return kind !== 'full';
    } catch {
      this.#stats.dropped += records.length;
      return true;
    }
  }

  #hand(intake: Intake, batch: Batch): Promise<Accepted> {
    this.#isAppending = true;
    try {
      return intake.append(batch);
    } finally {
      this.#isAppending = false;
    }
  }
}

/** Identifies similar messages, which differ only in numbers and quoted names. */
function kindOf(severity: number, message: string): string {
  const alike = message
    .slice(0, 512)
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\d+/g, '0');
  return `${severity} ${alike.slice(0, 200)}`;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 3)}...` : text;
}
