import type { Writable } from 'node:stream';
import type { ByCause, JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError } from '../../component/index.ts';
import { entryLogs, isWireError } from '../../otlp/index.ts';
import { errorText, Severity, Turns } from '../../record/index.ts';
import { checkKnown, shown, withMethods } from '../../settings/index.ts';
import { flatLines } from './flat-lines.ts';
import { isColoredByItself, paintWith } from './paint.ts';
import { recordsOf, type ShownRecord } from './shown-record.ts';
import { TaskLines } from './task-lines.ts';

export interface ConsoleSinkOptions {
  /** `flat`: a line for each record. `tree`: indented by task, with start, end, outcome and duration. Default: `flat`. */
  readonly format?: 'flat' | 'tree' | undefined;
  /**
   * `auto` colors on a terminal; `FORCE_COLOR` and `NO_COLOR` are obeyed. Default: `auto`.
   */
  readonly color?: 'auto' | 'always' | 'never' | undefined;
  /** Default: standard output. It is never closed. */
  readonly stream?: (Writable & { readonly isTTY?: boolean | undefined }) | undefined;
  readonly log: OwnLog;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

const WRITE_CHARACTERS = 65_536;

/**
 * Shows records on a terminal. Nothing in them reaches it raw: control characters and escape sequences are escaped.
 *
 * It waits for the stream, so a slow terminal slows this sink only. When the reader is gone (a closed pipe), the sink
 * shows nothing any more, says so once, and counts them as dropped (`output_closed`). After a crash the last records may be shown
 * again.
 */
export class ConsoleSink implements Sink {
  readonly #stream: Writable;
  readonly #log: OwnLog;
  readonly #lines: (record: ShownRecord) => string;
  readonly #dropped = { output_closed: 0 };
  readonly #onError = (error: Error) => this.#end(error);
  /** Entries that the stream has, of a call that failed for others. */
  readonly #shown = new WeakSet<JournalEntry>();
  #pending: Promise<void> = Promise.resolve();
  #isEnded = false;

  /** @throws TypeError for a wrong option */
  constructor(options: ConsoleSinkOptions) {
    checkKnown('ConsoleSink', options, ['format', 'color', 'stream', 'log', 'env']);
    const { format = 'flat', color = 'auto', stream = process.stdout, log, env = process.env } = options;
    if (format !== 'flat' && format !== 'tree') {
      throw new TypeError(`format must be "flat" or "tree", got ${shown(format)}`);
    }
    if (color !== 'auto' && color !== 'always' && color !== 'never') {
      throw new TypeError(`color must be "auto", "always" or "never", got ${shown(color)}`);
    }
    this.#stream = withMethods<Writable>('stream', stream, ['write', 'on', 'off']);
    this.#log = log;
    const isColored =
      color === 'auto' ? isColoredByItself({ isTerminal: stream.isTTY === true, env }) : color === 'always';
    const paint = paintWith(isColored);
    const tasks = new TaskLines(paint);
    this.#lines = format === 'tree' ? (record) => tasks.lines(record) : (record) => flatLines(record, paint);
  }

  async open(): Promise<void> {
    this.#stream.off('error', this.#onError);
    this.#stream.on('error', this.#onError);
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<undefined> {
    const turns = new Turns();
    const bad: number[] = [];
    let message = '';
    let text = '';
    let inText: JournalEntry[] = [];
    for (const entry of entries) {
      if (this.#shown.has(entry)) continue;
      try {
        for (const logs of entryLogs(entry)) {
          for (const record of recordsOf(logs)) text += this.#lines(record);
          if (turns.isOver) await turns.pause(signal);
        }
        inText.push(entry);
      } catch (error) {
        signal.throwIfAborted();
        if (!isWireError(error)) throw error;
        bad.push(entry.index);
        message = errorText(error);
      }
      if (text.length < WRITE_CHARACTERS) continue;
      await this.#show(text, inText, signal);
      text = '';
      inText = [];
    }
    await this.#show(text, inText, signal);
    if (bad.length > 0) throw rejectedError('malformed', message, bad);
  }

  async close(): Promise<void> {
    // An error that comes late, when nobody listens, would end the process.
    if (!this.#isEnded) this.#stream.off('error', this.#onError);
  }

  /** What came after the stream was closed. */
  dropped(): ByCause {
    return this.#dropped;
  }

  /** @throws when the signal is aborted; what the stream has by then is not given to it again */
  async #show(text: string, entries: readonly JournalEntry[], signal: AbortSignal): Promise<void> {
    await untilAborted(this.#pending, signal);
    for (const entry of entries) {
      this.#shown.add(entry);
      if (this.#isEnded) this.#dropped.output_closed += entry.records;
    }
    if (text === '' || this.#isEnded) return;
    this.#pending = new Promise((resolve) => {
      this.#stream.write(text, (error) => {
        if (error != null) this.#end(error);
        resolve();
      });
    });
    await untilAborted(this.#pending, signal);
  }

  #end(error: Error): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#log.emit(Severity.WARN, `console sink: ${errorText(error)}; it shows nothing any more`);
  }
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    });
  });
}
