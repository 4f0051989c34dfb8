import type { Writable } from 'node:stream';
import type { ByCause, JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError } from '../../component/index.ts';
import { isWireError, logGroups } from '../../otlp/index.ts';
import { errorText, Severity, Turns } from '../../record/index.ts';
import { isColored } from '../../text/index.ts';
import { LiveLines, type TreeRecord, treeRecords } from '../../tree/index.ts';
import type { ConsoleSinkOptions, ConsoleSinkTools } from './options.ts';

/** The number of records that are sorted by time together. */
const SORTED_RECORDS = 1_000;

/**
 * Writes records to a terminal, sorted by time within each call. Control characters and escape sequences in
 * records are escaped, so nothing reaches the terminal raw.
 *
 * It waits for the stream, so a slow terminal slows down this sink only. If the reader closes the pipe, the
 * sink writes nothing more, logs that once, and counts records as dropped (`output_closed`). After a crash
 * the last records may be written again.
 */
export class ConsoleSink implements Sink {
  readonly #stream: Writable;
  readonly #log: OwnLog;
  readonly #lines: LiveLines;
  readonly #dropped = { output_closed: 0 };
  readonly #onError = (error: Error) => this.#end(error);
  /** Entries that were passed to the stream, of a call that failed because of other entries. */
  readonly #shown = new WeakSet<JournalEntry>();
  #pending: Promise<void> = Promise.resolve();
  #isEnded = false;

  constructor(
    { format, color }: ConsoleSinkOptions,
    { log, stream = process.stdout, env = process.env }: ConsoleSinkTools,
  ) {
    this.#stream = stream;
    this.#log = log;
    const isTerminal = stream.isTTY === true;
    this.#lines = new LiveLines({ form: format, color: isColored(color, { isTerminal, env }) });
  }

  async open(): Promise<void> {
    this.#stream.off('error', this.#onError);
    this.#stream.on('error', this.#onError);
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<undefined> {
    const turns = new Turns();
    const bad: number[] = [];
    let message = '';
    let records: TreeRecord[] = [];
    let ended: JournalEntry[] = [];
    const flush = async () => {
      const text = await this.#textOf(records, turns, signal);
      await this.#show(text, ended, signal);
      records = [];
      ended = [];
    };
    for (const entry of entries) {
      if (this.#shown.has(entry)) continue;
      try {
        for (const group of logGroups(entry.body)) {
          for (const record of treeRecords(group)) records.push(record);
          if (turns.isOver) await turns.pause(signal);
          if (records.length >= SORTED_RECORDS) await flush();
        }
        ended.push(entry);
      } catch (error) {
        signal.throwIfAborted();
        if (!isWireError(error)) throw error;
        bad.push(entry.index);
        message = errorText(error);
      }
    }
    await flush();
    if (bad.length > 0) throw rejectedError('malformed', message, bad);
  }

  async close(): Promise<void> {
    // A late error without a listener would end the process.
    if (!this.#isEnded) this.#stream.off('error', this.#onError);
  }

  /** Records that arrived after the stream was closed. */
  dropped(): ByCause {
    return this.#dropped;
  }

  /** Sorts by time: the records of a burst arrive after the error that released them but belong before it. */
  async #textOf(records: TreeRecord[], turns: Turns, signal: AbortSignal): Promise<string> {
    records.sort((one, other) => one.seconds - other.seconds || one.nanos - other.nanos);
    let text = '';
    for (const record of records) {
      for (const line of this.#lines.of(record)) text += `${line}\n`;
      if (turns.isOver) await turns.pause(signal);
    }
    return text;
  }

  /** @throws when the signal is aborted; entries that were passed to the stream are not written again */
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
    this.#log.emit(Severity.WARN, `console sink: ${errorText(error)}; nothing more is written`);
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
