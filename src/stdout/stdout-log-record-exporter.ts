import { JsonLines, LogsEncoder, logGroups } from '../otlp/index.ts';
import {
  armImmediate,
  BURST_RELEASED_EVENT,
  BURST_SEQUENCE,
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExportResultLike,
  type LogRecordExporterLike,
  type ReadableLogRecordLike,
} from '../record/index.ts';
import { resolve } from '../settings/index.ts';
import { isColored } from '../text/index.ts';
import { LiveLines, treeRecord } from '../tree/index.ts';
import { type OutputStream, type StdoutLogRecordExporterOptions, stdoutOptions } from './options.ts';

/** What a burst releases comes after its trigger, and is shown below it. */
const INDENT = '    ';

/**
 * Writes records to the standard output: as lines of OTLP/JSON, which the Collector, Kubernetes log agents, lnav and
 * `distlog` read, or as readable lines on a terminal. With it, bursts work without any endpoint.
 *
 * Put it behind a `BurstLogRecordProcessor` or a `PriorityBatchLogRecordProcessor`. An export is over when the stream
 * has taken its lines, so a slow reader slows the exports, and the processor's queue is the only one. If the reader is
 * gone (a closed pipe), exports fail and are counted there; the application runs on. It keeps no process alive, and it
 * never closes the stream.
 */
export class StdoutLogRecordExporter implements LogRecordExporterLike {
  /** Says that nobody shall repeat a failed export: some of its lines may have been written. */
  readonly worstCaseMillis = 0;
  readonly #stream: OutputStream;
  readonly #textOf: (records: readonly ReadableLogRecordLike[]) => string;
  #last: Promise<void> = Promise.resolve();
  #isShutDown = false;

  /** @throws TypeError when an option is wrong */
  constructor(given: StdoutLogRecordExporterOptions = {}) {
    const { format, color, stream } = resolve(stdoutOptions, 'StdoutLogRecordExporter', given);
    this.#stream = stream ?? process.stdout;
    const isTerminal = this.#stream.isTTY === true;
    const isText = format === 'text' || (format === 'auto' && isTerminal);
    this.#textOf = isText ? textLines(isColored(color, { isTerminal, env: process.env })) : jsonLines();
  }

  /** Writes a batch in one call, and calls back when the stream has taken it. */
  export(records: readonly ReadableLogRecordLike[], done: (result: ExportResultLike) => void): void {
    if (this.#isShutDown) {
      done({ code: EXPORT_FAILED, error: new Error('the exporter is shut down') });
      return;
    }
    const text = this.#textOf(records);
    this.#last = new Promise((resolve) => {
      const end = (error?: Error | null) => {
        // Of a closed pipe the stream also emits an error, after this call; nobody else may listen.
        if (error != null) armImmediate(() => this.#stream.off('error', ignore));
        else this.#stream.off('error', ignore);
        done(error == null ? { code: EXPORT_SUCCESS } : { code: EXPORT_FAILED, error });
        resolve();
      };
      this.#stream.on('error', ignore);
      this.#stream.write(text, end);
    });
  }

  /** Resolves when the stream has taken what was exported before. */
  forceFlush(): Promise<void> {
    return this.#last;
  }

  /** As `forceFlush()`; exports that come later fail. */
  shutdown(): Promise<void> {
    this.#isShutDown = true;
    return this.#last;
  }
}

function ignore(): void {
  // The callback of the write has it.
}

function jsonLines(): (records: readonly ReadableLogRecordLike[]) => string {
  const encoder = new LogsEncoder();
  const json = new JsonLines();
  // Over OTLP's bytes, so that every kind of value is written as OTLP would carry it.
  return (records) => [...json.lines(logGroups(encoder.encode(records)))].join('');
}

function textLines(color: boolean): (records: readonly ReadableLogRecordLike[]) => string {
  const lines = new LiveLines({ form: 'flat', color });
  return (records) => {
    let text = '';
    for (const record of records) {
      const indent = isOfBurst(record) ? INDENT : '';
      for (const line of lines.of(treeRecord(record))) text += `${indent}${line}\n`;
    }
    return text;
  };
}

function isOfBurst({ attributes, eventName }: ReadableLogRecordLike): boolean {
  return eventName === BURST_RELEASED_EVENT || attributes?.[BURST_SEQUENCE] !== undefined;
}
