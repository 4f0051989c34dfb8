import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RequestPiece } from '../otlp/index.ts';
import { systemClock } from '../record/index.ts';
import type { Beginning, Reply } from './messages.ts';

const HEAP_MIB = 128;
/** What a processor may need: its heap, Node.js, and the batch. */
export const CHILD_BYTES = (HEAP_MIB + 64) * 1_048_576;
const START_MILLIS = 10_000;

export interface ChildOptions extends Beginning {
  /** Where the compiled `processor-program` is; without it nothing can be processed. */
  readonly program: URL | undefined;
  readonly timeoutMillis: number;
}

/** The processor threw: it would do so again for the same records. */
export class ProcessError extends Error {}

/** The process ended, or had to be ended, while it processed. */
export class ChildEnded extends Error {}

/**
 * Runs a processor in a process of its own, as the daemon sees it: code that throws, never gives way, ends its process
 * or fills its memory does nothing to others. (A thread would end the daemon with it when its memory is full.)
 *
 * One request at a time. The process is started when it is needed, and again when it has ended.
 */
export class ProcessorChild {
  readonly #options: ChildOptions;
  #child: Promise<ChildProcess> | undefined;
  /** Also while it is being made. */
  #started: ChildProcess | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** @throws (rejects) ProcessError; ChildEnded, also if it took too long; another Error if it cannot be started */
  process(body: Uint8Array): Promise<RequestPiece> {
    const work = this.#busy.then(() => this.#process(body));
    this.#busy = work.catch(() => {});
    return work;
  }

  /** Ends the process; what is under way is rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#started !== undefined) await ended(this.#started);
  }

  async #process(body: Uint8Array): Promise<RequestPiece> {
    if (this.#isClosed) throw new Error('it was closed');
    this.#child ??= this.#start();
    const child = await this.#child.catch((error: unknown) => {
      this.#child = undefined;
      throw error;
    });
    const reply = await this.#ask(child, body, this.#options.timeoutMillis);
    if (reply.kind === 'processed') return reply;
    if (reply.kind === 'failed') throw new ProcessError(reply.message);
    // Its next reply would be taken for that to the next request.
    await ended(child);
    throw outOfTurn();
  }

  async #start(): Promise<ChildProcess> {
    const { program, module, type, name, options } = this.#options;
    if (program === undefined) throw new Error('processors cannot run here');
    // What the daemon was started with, such as preloaded modules, is for the daemon.
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
    const reply = await this.#ask(child, { module, type, name, options }, START_MILLIS);
    if (reply.kind === 'ready') return child;
    await ended(child);
    throw reply.kind === 'failed' ? new Error(`it cannot be made: ${reply.message}`) : outOfTurn();
  }

  /** Sends it something and waits for the reply. A process that does not reply in time is ended. */
  async #ask(child: ChildProcess, message: Beginning | Uint8Array, boundMillis: number): Promise<Reply> {
    let settle = () => {};
    try {
      return await new Promise<Reply>((resolve, reject) => {
        const exited = (code: number | null, signal: string | null) =>
          reject(new ChildEnded(`its process ended with ${signal ?? code}`));
        const late = () =>
          reject(new ChildEnded(`no answer within ${boundMillis} ms; its process was ended`));
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

/** Ends the process, if it has not ended yet. */
function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGKILL');
  });
}

function outOfTurn(): Error {
  return new Error('it answered out of turn');
}
