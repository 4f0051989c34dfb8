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

/** Fast, and within a tenth of the best size for log records. */
const GZIP_LEVEL = 1;
/** The longest time between two checks while batches wait. */
const LOOK_MILLIS = 1_000;
/** After so many times `ackTimeoutMillis` without any answer, a new connection is made. */
const SILENT_TIMEOUTS = 2;
const LONGEST_SILENCE_MILLIS = 60_000;

/**
 * Ack mode: a DEALER socket around a {@link SendWindow}. What the socket takes is sent as soon as it is
 * encoded; replies settle what is in the window. A connection without answers is replaced, each time after a
 * longer wait.
 */
export class AckSender implements Sender {
  readonly #options: ResolvedExporterOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #server: ServerSocket;
  readonly #window: SendWindow;
  readonly #waiters = new FlushWaiters();
  #heardAt: number;
  #longestSilenceMillis: number;
  #silentSince: number;
  #cancelLook: (() => void) | undefined;
  #resent = 0;
  #journalChanges = 0;

  constructor(options: ResolvedExporterOptions, warnings: RateLimitedWarnings) {
    this.#options = options;
    this.#warnings = warnings;
    this.#heardAt = options.clock.monotonicNow();
    this.#silentSince = this.#heardAt;
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
        new ExportError('window_full', `more than windowBatches (${windowBatches}) exports at once`),
      );
    }
    const body = serializer.serialize(records);
    const now = clock.monotonicNow();
    if (this.#window.batches === 0) this.#heardAt = this.#silentSince = now;
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

  close(fault: ExportErrorCause): void {
    this.#cancelLook?.();
    this.#window.giveUpAll(fault, 'it was not acknowledged before the end of shutdown()');
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
      this.#window.giveUp(batch, 'compression', errorText(error));
      this.#write();
    });
  }

  #ready(batch: WindowBatch, body: Uint8Array, encoding: number): void {
    batch.body = body;
    batch.bodyCrc = crc32(body);
    batch.encoding = encoding;
    // At once: a reply may settle many exports, and the batches that follow them are encoded one after the
    // other. Each is sent before the next is encoded, so that the daemon works meanwhile.
    this.#write();
  }

  #receive(frames: readonly Uint8Array[]): void {
    const now = this.#options.clock.monotonicNow();
    try {
      this.#window.receive(decodeReply(frames), now);
    } catch (error) {
      this.#warnings.warn('answer', `a reply of the daemon could not be read: ${errorText(error)}`);
      return;
    }
    this.#heardAt = this.#silentSince = now;
    this.#longestSilenceMillis = SILENT_TIMEOUTS * this.#options.ackTimeoutMillis;
    this.#write();
  }

  /** Sends what may be sent now, and schedules the next check. */
  #write(): void {
    while (!this.#server.isFull) {
      const message = this.#window.next(this.#options.clock.monotonicNow());
      if (message === undefined) break;
      this.#server.send(message);
    }
    this.#waiters.settle(this.#window.firstOpen);
    this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    const { clock } = this.#options;
    if (this.#window.batches === 0) return;
    const waitMillis = Math.max(1, this.#window.dueMillis - clock.monotonicNow());
    this.#cancelLook = clock.after(Math.min(LOOK_MILLIS, waitMillis), () => {
      this.#cancelLook = undefined;
      this.#look(clock.monotonicNow());
    });
  }

  #look(now: number): void {
    this.#window.expire(now);
    this.#server.warnOfSilence(now - this.#heardAt, `${this.#window.batches} batches wait`);
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
        `another journal answers now; ${batches} batches that the old one had not acknowledged are sent to it`,
      );
    }
    if (event === 'memory_lost') {
      this.#warnings.warn(event, 'the daemon has forgotten batches that it had acknowledged');
    }
    if (event === 'too_far') {
      this.#warnings.warn(event, 'the daemon acknowledged a batch that was never sent; this was ignored');
    }
  }
}
