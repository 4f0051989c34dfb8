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

/** Options of {@link OwnRecords}. */
export interface OwnRecordsOptions {
  readonly version: string;
  /** From which severity on they go into the journal. Default: INFO. */
  readonly severity?: SeverityLike | undefined;
  /** Whether they are written to standard error too, a line each. Default: true. */
  readonly console?: boolean | undefined;
  /** Default: standard error. */
  readonly stream?: OwnStream | undefined;
  readonly clock?: Clock | undefined;
}

/** Where lines are written to: a part of a Writable. */
export interface OwnStream {
  write(text: string): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

type OwnAttributes = Readonly<Record<string, string | number | boolean>>;

/** Records that wait for the journal; then the oldest go, counted. */
const MAX_WAITING = 1_000;
/** Of one kind so many in {@link WINDOW_MILLIS}; the next one afterwards says how many were left out. */
const MAX_ALIKE = 10;
const WINDOW_MILLIS = 10_000;
const MAX_KINDS = 256;
/** Of a message, and of the value of an attribute. An error's text may be anything. */
const MAX_TEXT = 4_096;
const RETRY_MILLIS = 1_000;
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * The daemon's own records: they go the way of all records, through the journal to the sinks, and to standard error.
 *
 * Prevents feedback loops: what goes wrong on that way is counted, and never logged by another record; what the journal
 * logs while it takes one of these goes to standard error alone. Messages that differ only in numbers and quoted text
 * are limited to ten in ten seconds. Nothing here ever throws.
 */
export class OwnRecords implements OwnLog {
  readonly #severity: number;
  readonly #stream: OwnStream | undefined;
  readonly #clock: Clock;
  readonly #resource: readonly KeyValue[];
  readonly #seen = new Map<string, { until: number; count: number }>();
  #intake: Intake | undefined;
  #waiting: DecodedLogRecord[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #isAppending = false;
  #cancelRetry = () => {};
  /** Records that never came into the journal. */
  lost = 0;
  /** Records that were too many alike; they are written nowhere, and counted. */
  leftOut = 0;

  constructor({
    version,
    severity = 'INFO',
    console = true,
    stream,
    clock = systemClock,
  }: OwnRecordsOptions) {
    this.#severity = parseSeverity('ownRecords.severity', severity);
    this.#stream = console ? (stream ?? process.stderr) : undefined;
    // A pipe whose reader has ended would else end the daemon.
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

  /** From here on there is a journal; what was logged before goes into it too. */
  attach(intake: Intake): void {
    this.#intake = intake;
    this.#write();
  }

  emit(severity: number, message: string, attributes: OwnAttributes = {}): void {
    const left = this.#leftOut(severity, message);
    if (left === undefined) {
      this.leftOut += 1;
      return;
    }
    const text = cut(message);
    const body = left === 0 ? text : `${text} (${left} more like this since the last one)`;
    this.#print(severity, body, attributes);
    if (severity < this.#severity || this.#isClosed || this.#isAppending) return;
    this.#waiting.push(this.#record(severity, body, attributes));
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.lost += 1;
    }
    this.#write();
  }

  stats(): SelfLogStats {
    return { dropped: this.lost, suppressed: this.leftOut };
  }

  /** Waits until what was logged is in the journal, or cannot be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  /** Takes nothing more for the journal; what still waits is lost. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    await this.#writing;
    this.lost += this.#waiting.length;
    this.#waiting = [];
  }

  /** How many alike were left out before this one; undefined: this one is left out too. */
  #leftOut(severity: number, message: string): number | undefined {
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

  #print(severity: number, message: string, attributes: OwnAttributes): void {
    if (this.#stream === undefined) return;
    const time = new Date(this.#clock.now()).toISOString();
    const more = Object.entries(attributes).map(([name, value]) => `  ${name}=${cut(String(value))}`);
    const line = `${time} ${(severityNameOf(severity) ?? '').padEnd(5)} distlogd: ${message}${more.join('')}`;
    try {
      this.#stream.write(`${line.replace(CONTROL, ' ')}\n`);
    } catch {
      // There is nothing left to log it with.
    }
  }

  #record(severityNumber: number, body: string, attributes: OwnAttributes): DecodedLogRecord {
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
    // What else is logged in this turn goes along.
    await undefined;
    while (this.#waiting.length > 0) {
      const records = this.#waiting;
      this.#waiting = [];
      if (await this.#append(intake, records)) continue;
      const waiting = [...records, ...this.#waiting];
      this.lost += Math.max(0, waiting.length - MAX_WAITING);
      this.#waiting = waiting.slice(-MAX_WAITING);
      this.#cancelRetry();
      if (!this.#isClosed) this.#cancelRetry = this.#clock.after(RETRY_MILLIS, () => this.#write());
      break;
    }
    // In the turn of the last look, so that nothing logged afterwards is left waiting.
    this.#writing = undefined;
  }

  /** @returns false: the journal is full, they may come again */
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
      this.lost += records.length;
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

/** Repeated messages differ in numbers and names. */
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
