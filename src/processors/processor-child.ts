import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RequestPiece } from '../otlp/index.ts';
import { systemClock } from '../record/index.ts';
import type { Beginning, Reply } from './messages.ts';

const HEAP_MIB = 128;
/** The maximum memory of a processor: its heap, Node.js, and the batch. */
export const CHILD_BYTES = (HEAP_MIB + 64) * 1_048_576;
const START_MILLIS = 10_000;

export interface ChildOptions extends Beginning {
  /** The compiled `processor-program`; without it nothing can be processed. */
  readonly program: URL | undefined;
  readonly timeoutMillis: number;
}

/** The processor threw, and would throw again for the same records. */
export class ProcessError extends Error {}

/** The process ended, or was killed, during a request. */
export class ChildEnded extends Error {}

/**
 * Runs a processor in its own process: code that throws, blocks, exits or exhausts its memory does not affect
 * the daemon. (A thread that exhausts its memory would end the daemon.)
 *
 * It handles one request at a time. The process is started on demand, and again after it has ended.
 */
export class ProcessorChild {
  readonly #options: ChildOptions;
  #child: Promise<ChildProcess> | undefined;
  /** The process, also while it is starting. */
  #started: ChildProcess | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * @throws (rejects) ProcessError; ChildEnded, also after a timeout; another Error if it cannot be started
   */
  process(body: Uint8Array): Promise<RequestPiece> {
    const work = this.#busy.then(() => this.#process(body));
    this.#busy = work.catch(() => {});
    return work;
  }

  /** Kills the process; the running request is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#started !== undefined) await ended(this.#started);
  }

  async #process(body: Uint8Array): Promise<RequestPiece> {
    if (this.#isClosed) throw new Error('the processor is closed');
    this.#child ??= this.#start();
    const child = await this.#child.catch((error: unknown) => {
      this.#child = undefined;
      throw error;
    });
    const reply = await this.#request(child, body, this.#options.timeoutMillis);
    if (reply.kind === 'processed') return reply;
    if (reply.kind === 'failed') throw new ProcessError(reply.message);
    // The next reply could belong to this request.
    await ended(child);
    throw unexpectedReply();
  }

  async #start(): Promise<ChildProcess> {
    const { program, module, type, name, options } = this.#options;
    if (program === undefined) throw new Error('processors are not available');
    // Options of the daemon's process, such as preloaded modules, must not affect the child.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const execArgv = [`--max-old-space-size=${HEAP_MIB}`];
    const child = fork(fileURLToPath(program), { env, execArgv, serialization: 'advanced' });
    // It may also end between two requests.
    this.#started = child;
    child.on('error', () => {});
    child.once('exit', () => {
      this.#child = undefined;
      this.#started = undefined;
    });
    const reply = await this.#request(child, { module, type, name, options }, START_MILLIS);
    if (reply.kind === 'ready') return child;
    await ended(child);
    throw reply.kind === 'failed' ? new Error(`cannot be created: ${reply.message}`) : unexpectedReply();
  }

  /** Sends a message and waits for the reply. A process that does not reply in time is killed. */
  async #request(child: ChildProcess, message: Beginning | Uint8Array, boundMillis: number): Promise<Reply> {
    let settle = () => {};
    try {
      return await new Promise<Reply>((resolve, reject) => {
        const exited = (code: number | null, signal: string | null) =>
          reject(new ChildEnded(`the process ended with ${signal ?? code}`));
        const late = () =>
          reject(new ChildEnded(`no reply within ${boundMillis} ms; the process was killed`));
        const cancel = systemClock.after(boundMillis, late, true);
        settle = () => {
          cancel();
          child.off('message', resolve).off('exit', exited).off('error', reject);
        };
        child.once('message', resolve).once('exit', exited).once('error', reject);
        if (child.connected) child.send(message as object, () => {});
      });
    } catch (error) {
      await ended(child);
      throw error;
    } finally {
      settle();
    }
  }
}

/** Kills the process if it has not ended yet. Resolves when it has. */
function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });
}

function unexpectedReply(): Error {
  return new Error('unexpected reply');
}
