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

/** Records that a burst releases follow their trigger and are indented below it. */
const INDENT = '    ';

/**
 * Writes records to standard output: as OTLP/JSON lines, which the Collector, Kubernetes log agents, lnav and
 * `distlog` read, or as readable lines on a terminal. With it, bursts need no endpoint.
 *
 * Use it behind a `BurstLogRecordProcessor` or a `PriorityBatchLogRecordProcessor`. An export completes when
 * the stream has accepted its lines, so a slow reader delays the exports, and the processor's queue is the
 * only queue. If the reader has closed the pipe, exports fail and are counted by the processor; the
 * application continues. The exporter does not keep the process alive and never closes the stream.
 */
export class StdoutLogRecordExporter implements LogRecordExporterLike {
  /** Disables retries of a failed export, because some of its lines may have been written. */
  readonly worstCaseMillis = 0;
  readonly #stream: OutputStream;
  readonly #textOf: (records: readonly ReadableLogRecordLike[]) => string;
  #last: Promise<void> = Promise.resolve();
  #isShutDown = false;

  /** @throws TypeError if an option is invalid */
  constructor(given: StdoutLogRecordExporterOptions = {}) {
    const { format, color, stream } = resolve(stdoutOptions, 'StdoutLogRecordExporter', given);
    this.#stream = stream ?? process.stdout;
    const isTerminal = this.#stream.isTTY === true;
    const isText = format === 'text' || (format === 'auto' && isTerminal);
    this.#textOf = isText ? textLines(isColored(color, { isTerminal, env: process.env })) : jsonLines();
  }

  /** Writes a batch in one call. The callback is called when the stream has accepted it. */
  export(records: readonly ReadableLogRecordLike[], done: (result: ExportResultLike) => void): void {
    if (this.#isShutDown) {
      done({ code: EXPORT_FAILED, error: new Error('the exporter is shut down') });
      return;
    }
    const text = this.#textOf(records);
    this.#last = new Promise((resolve) => {
      const end = (error?: Error | null) => {
        // If the pipe is closed, the stream emits an error after this call, which would be uncaught.
        if (error != null) armImmediate(() => this.#stream.off('error', ignore));
        else this.#stream.off('error', ignore);
        done(error == null ? { code: EXPORT_SUCCESS } : { code: EXPORT_FAILED, error });
        resolve();
      };
      this.#stream.on('error', ignore);
      this.#stream.write(text, end);
    });
  }

  /** Resolves when the stream has accepted all previous exports. */
  forceFlush(): Promise<void> {
    return this.#last;
  }

  /** Like `forceFlush()`; later exports fail. */
  shutdown(): Promise<void> {
    this.#isShutDown = true;
    return this.#last;
  }
}

function ignore(): void {
  // The callback of the write reports the error.
}

function jsonLines(): (records: readonly ReadableLogRecordLike[]) => string {
  const encoder = new LogsEncoder();
  const json = new JsonLines();
  // Encodes to OTLP first, so that every kind of value is written as OTLP represents it.
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
