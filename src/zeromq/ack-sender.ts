import { randomBytes } from 'node:crypto';
import { crc32, gzip } from 'node:zlib';
import { decodeReply, ENCODING_GZIP, ENCODING_IDENTITY } from '../frames/index.ts';
import { errorText, type ReadableLogRecordLike, type Teller } from '../record/index.ts';
import { clientSocketOptions } from './client-socket.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import type { ZeroMqLibrary } from './load-zeromq.ts';
import { LookAgain, WAIT_MILLIS } from './look-again.ts';
import { OpenExports } from './open-exports.ts';
import { SendWindow, type WindowBatch, type WindowEvent } from './send-window.ts';
import type { Done, Sender, SenderState } from './sender.ts';

/** Fast, and within a tenth of the best size for log records. */
const GZIP_LEVEL = 1;
/** After so long without any answer while batches wait, the operator is told. */
const SILENT_MILLIS = 10_000;

/** Ack mode: a DEALER socket around a {@link SendWindow}. A loop reads, then writes, then looks again later. */
export class AckSender implements Sender {
  readonly #options: ResolvedExporterOptions;
  readonly #teller: Teller;
  readonly #socket: InstanceType<ZeroMqLibrary['Dealer']>;
  readonly #window: SendWindow;
  readonly #look: LookAgain;
  #isRunning = false;
  #wasAskedAgain = false;
  #isConnected = false;
  #isClosed = false;
  #heardAt: number;
  #resent = 0;
  #journalChanges = 0;
  readonly #open = new OpenExports();

  constructor(options: ResolvedExporterOptions, library: ZeroMqLibrary, teller: Teller) {
    this.#options = options;
    this.#teller = teller;
    this.#heardAt = options.clock.now();
    this.#window = new SendWindow({
      producer: randomBytes(16),
      maxBytes: options.windowBytes,
      ackTimeoutMillis: options.ackTimeoutMillis,
      onEvent: (event, batches) => this.#onEvent(event, batches),
    });
    this.#look = new LookAgain(options.clock, () => void this.#run());
    this.#socket = new library.Dealer({
      context: new library.Context({ blocky: false }),
      ...clientSocketOptions(options),
      receiveTimeout: WAIT_MILLIS,
      // See ListeningSocket. There are never more answers than messages.
      receiveHighWaterMark: 0,
      // Unlike push mode: what a broken connection held is sent again by the window, and so the socket is
      // writable only while it is connected.
      immediate: true,
      // A window that is sent again before its first copy has left, and greetings.
      sendHighWaterMark: 2 * options.windowBatches + 2,
    });
    this.#socket.connect(options.endpoint);
  }

  send(records: readonly ReadableLogRecordLike[], done: Done): void {
    const { windowBatches, serializer, clock, exportTimeoutMillis, compression } = this.#options;
    if (this.#window.batches >= windowBatches) {
      return done(
        new ExportError('window_full', `more than windowBatches (${windowBatches}) exports at once`),
      );
    }
    const body = serializer.serialize(records);
    const now = clock.now();
    if (this.#window.batches === 0) this.#heardAt = now;
    const token = this.#open.add();
    const batch: WindowBatch = {
      records: records.length,
      length: body.length,
      body: undefined,
      bodyCrc: 0,
      encoding: ENCODING_IDENTITY,
      deadlineMillis: now + exportTimeoutMillis,
      done: (error) => {
        this.#open.end(token);
        done(error);
      },
    };
    this.#window.add(batch);
    if (compression === 'gzip') this.#compress(batch, body);
    else this.#ready(batch, body, ENCODING_IDENTITY);
  }

  idle(): Promise<void> {
    return this.#open.ended();
  }

  close(fault: ExportErrorCause): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#look.disarm();
    this.#window.giveUpAll(fault, 'it was not acknowledged before the end of shutdown()');
    this.#socket.close();
  }

  state(): SenderState {
    const { batches, records, bytes } = this.#window;
    return { batches, records, bytes, resent: this.#resent, journalChanges: this.#journalChanges };
  }

  #compress(batch: WindowBatch, body: Uint8Array): void {
    gzip(body, { level: GZIP_LEVEL }, (error, packed) => {
      if (error === null) return this.#ready(batch, packed, ENCODING_GZIP);
      this.#window.giveUp(batch, 'compression', errorText(error));
      void this.#run();
    });
  }

  #ready(batch: WindowBatch, body: Uint8Array, encoding: number): void {
    batch.body = body;
    batch.bodyCrc = crc32(body);
    batch.encoding = encoding;
    this.#look.sign();
    // At once: an answer may end many exports, and the batches that follow them are made one after the other. Each
    // leaves before the next is made, so that the daemon works meanwhile.
    this.#write();
    void this.#run();
  }

  /** One at a time. Never rejects. */
  async #run(): Promise<void> {
    this.#wasAskedAgain = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#wasAskedAgain && !this.#isClosed) {
        this.#wasAskedAgain = false;
        while (this.#socket.readable) this.#hear(await this.#socket.receive());
        this.#window.expire(this.#options.clock.now());
        this.#write();
        if (this.#isConnected && this.#window.batches > 0 && this.#look.isLively) await this.#wait();
      }
    } catch (error) {
      if (!this.#isClosed)
        this.#teller.warn('socket', `the socket to ${this.#options.endpoint} failed: ${errorText(error)}`);
    }
    this.#isRunning = false;
    if (this.#isClosed) return;
    if (this.#window.batches > 0) {
      this.#tellSilence();
      this.#look.arm();
    } else {
      this.#look.disarm();
    }
  }

  /** For the next answer, no longer than {@link WAIT_MILLIS}. What is given meanwhile leaves all the same. */
  async #wait(): Promise<void> {
    try {
      this.#hear(await this.#socket.receive());
      this.#wasAskedAgain = true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }

  #hear(parts: readonly Buffer[]): void {
    const now = this.#options.clock.now();
    try {
      this.#window.receive(decodeReply(parts), now);
    } catch (error) {
      this.#teller.warn('answer', `an answer of the daemon was not understood: ${errorText(error)}`);
      return;
    }
    this.#heardAt = now;
    this.#look.sign();
  }

  /** Never waits: with `sendTimeout` 0 a message is taken at once or refused. */
  #write(): void {
    while (!this.#isClosed) {
      if (!this.#socket.writable) return this.#lostConnection();
      this.#isConnected = true;
      const message = this.#window.next(this.#options.clock.now());
      if (message === undefined) return;
      // Refused: the connection broke between the look and the word.
      this.#socket.send(message as Buffer[]).catch(() => this.#lostConnection());
    }
  }

  #lostConnection(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#window.disconnected();
  }

  #tellSilence(): void {
    const silentMillis = this.#options.clock.now() - this.#heardAt;
    if (silentMillis < SILENT_MILLIS) return;
    const state = this.#isConnected ? 'connected, but without an answer' : 'no connection';
    const keys = this.#options.curve === undefined ? '' : ', and that the CURVE keys fit';
    this.#teller.warn(
      'silence',
      `${state} for ${Math.round(silentMillis / 1000)} s; ${this.#window.batches} batches wait: ` +
        `check that distlogd listens on ${this.#options.endpoint}${keys}`,
    );
  }

  #onEvent(event: WindowEvent, batches: number): void {
    if (event === 'resent') this.#resent += batches;
    if (event === 'new_journal') {
      this.#journalChanges += 1;
      this.#teller.warn(
        event,
        `another journal answers now; ${batches} batches that the old one had not acknowledged go to it`,
      );
    }
    if (event === 'memory_lost') {
      this.#teller.warn(event, 'the daemon has forgotten batches that it had acknowledged');
    }
    if (event === 'too_far') {
      this.#teller.warn(event, 'the daemon acknowledged a batch that was never sent; this was ignored');
    }
  }
}
