import { crc32, gzip } from 'node:zlib';
import { decodeReply, ENCODING_GZIP, ENCODING_IDENTITY, newProducer } from '../frames/index.ts';
import {
  errorText,
  FlushWaiters,
  type RateLimitedWarnings,
  type ReadableLogRecordLike,
} from '../record/index.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import { SendWindow, type WindowBatch, type WindowEvent } from './send-window.ts';
import type { Done, Sender, SenderState } from './sender.ts';
import { ServerSocket } from './server-socket.ts';

/** Fast, and within a tenth of the smallest size for log records. */
const GZIP_LEVEL = 1;
/** The longest time between two checks while batches wait. */
const CHECK_MILLIS = 1_000;
/** A new connection is made after this many times `ackTimeoutMillis` without a reply. */
const SILENT_TIMEOUTS = 2;
const LONGEST_SILENCE_MILLIS = 60_000;

/**
 * Ack mode: a DEALER socket around a {@link SendWindow}. A batch is sent as soon as it is encoded and the
 * socket has room; replies settle the batches in the window. A connection without replies is replaced, each
 * time after a longer wait.
 */
export class AckSender implements Sender {
  readonly #options: ResolvedExporterOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #server: ServerSocket;
  readonly #window: SendWindow;
  readonly #waiters = new FlushWaiters();
  #lastReplyAt: number;
  #longestSilenceMillis: number;
  #silentSince: number;
  #cancelCheck: (() => void) | undefined;
  #resent = 0;
  #journalChanges = 0;

  constructor(options: ResolvedExporterOptions, warnings: RateLimitedWarnings) {
    this.#options = options;
    this.#warnings = warnings;
    this.#lastReplyAt = options.clock.monotonicNow();
    this.#silentSince = this.#lastReplyAt;
    this.#longestSilenceMillis = SILENT_TIMEOUTS * options.ackTimeoutMillis;
    const { id, secret } = newProducer();
    this.#window = new SendWindow({
      producer: id,
      secret,
      maxBytes: options.windowBytes,
      ackTimeoutMillis: options.ackTimeoutMillis,
      onEvent: (event, batches) => this.#onEvent(event, batches),
    });
    this.#server = new ServerSocket('DEALER', options, warnings, {
      opened: () => {
        this.#silentSince = options.clock.monotonicNow();
        this.#write();
      },
      message: (frames) => this.#receive(frames),
      drained: () => this.#write(),
      lost: () => this.#window.disconnected(),
    });
  }

  send(records: readonly ReadableLogRecordLike[], done: Done): void {
    const { windowBatches, serializer, clock, exportTimeoutMillis, compression } = this.#options;
    if (this.#window.batches >= windowBatches) {
      return done(
        new ExportError('window_full', `more than windowBatches (${windowBatches}) concurrent exports`),
      );
    }
    const body = serializer.serialize(records);
    const now = clock.monotonicNow();
    if (this.#window.batches === 0) this.#lastReplyAt = this.#silentSince = now;
    const batch: WindowBatch = {
      records: records.length,
      length: body.length,
      body: undefined,
      bodyCrc: 0,
      encoding: ENCODING_IDENTITY,
      deadlineMillis: now + exportTimeoutMillis,
      done,
    };
    this.#window.add(batch);
    if (compression === 'gzip') this.#compress(batch, body);
    else this.#ready(batch, body, ENCODING_IDENTITY);
  }

  idle(): Promise<void> {
    return this.#window.batches === 0 ? Promise.resolve() : this.#waiters.wait(this.#window.lastSeq);
  }

  close(cause: ExportErrorCause): void {
    this.#cancelCheck?.();
    this.#window.failAll(cause, 'the batch was not acknowledged before shutdown() ended');
    this.#waiters.settle(Number.POSITIVE_INFINITY);
    this.#server.close(0);
  }

  state(): SenderState {
    const { batches, records, bytes } = this.#window;
    return { batches, records, bytes, resent: this.#resent, journalChanges: this.#journalChanges };
  }

  #compress(batch: WindowBatch, body: Uint8Array): void {
    gzip(body, { level: GZIP_LEVEL }, (error, packed) => {
      if (error === null) return this.#ready(batch, packed, ENCODING_GZIP);
      this.#window.fail(batch, 'compression', errorText(error));
      this.#write();
    });
  }

  #ready(batch: WindowBatch, body: Uint8Array, encoding: number): void {
    batch.body = body;
    batch.bodyCrc = crc32(body);
    batch.encoding = encoding;
    // Sent at once: a reply may settle many exports, and the batches that follow them are encoded one after
    // the other. Each is sent before the next is encoded, so that the daemon can work in the meantime.
    this.#write();
  }

  #receive(frames: readonly Uint8Array[]): void {
    const now = this.#options.clock.monotonicNow();
    try {
      this.#window.receive(decodeReply(frames), now);
    } catch (error) {
      this.#warnings.warn('answer', `a reply of the daemon is invalid: ${errorText(error)}`);
      return;
    }
    this.#lastReplyAt = this.#silentSince = now;
    this.#longestSilenceMillis = SILENT_TIMEOUTS * this.#options.ackTimeoutMillis;
    this.#write();
  }

  /** Sends what may be sent now and schedules the next check. */
  #write(): void {
    while (!this.#server.isFull) {
      const message = this.#window.next(this.#options.clock.monotonicNow());
      if (message === undefined) break;
      this.#server.send(message);
    }
    this.#waiters.settle(this.#window.firstOpen);
    this.#checkLater();
  }

  #checkLater(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = undefined;
    const { clock } = this.#options;
    if (this.#window.batches === 0) return;
    const waitMillis = Math.max(1, this.#window.dueMillis - clock.monotonicNow());
    this.#cancelCheck = clock.after(Math.min(CHECK_MILLIS, waitMillis), () => {
      this.#cancelCheck = undefined;
      this.#check(clock.monotonicNow());
    });
  }

  #check(now: number): void {
    this.#window.expire(now);
    this.#server.warnOfSilence(now - this.#lastReplyAt, `${this.#window.batches} batches are pending`);
    if (this.#window.isPaused(now)) this.#silentSince = now;
    if (this.#server.isOpen && now - this.#silentSince >= this.#longestSilenceMillis) {
      this.#longestSilenceMillis = Math.min(2 * this.#longestSilenceMillis, LONGEST_SILENCE_MILLIS);
      this.#server.reconnect();
    }
    this.#write();
  }

  #onEvent(event: WindowEvent, batches: number): void {
    if (event === 'resent') this.#resent += batches;
    if (event === 'new_journal') {
      this.#journalChanges += 1;
      this.#warnings.warn(
        event,
        `the daemon has a different journal; ${batches} batches that the previous one had not acknowledged are sent to it`,
      );
    }
    if (event === 'memory_lost') {
      this.#warnings.warn(event, 'the daemon no longer has batches that it had acknowledged');
    }
    if (event === 'too_far') {
      this.#warnings.warn(event, 'the daemon acknowledged a batch that was never sent; this was ignored');
    }
  }
}
