import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join, relative } from 'node:path';

/**
 * The lock of the data directory, held by one process on this machine at a time.
 *
 * The process that holds the lock listens on a Unix socket in the directory. The operating system closes the
 * socket with the process, however it ends, so a lock is never stale. Process ids decide nothing: they are
 * reused and differ between containers.
 *
 * Each process has its own socket with a random name that is never reused. The socket gets this name only
 * when it is listening. Therefore a socket that refuses connections belongs to a process that has ended, and
 * removing its file cannot affect another process.
 *
 * A process first publishes its socket and then connects to the others, so of two contenders at least one
 * finds the other. The process that holds the lock answers `H`, and the asking process fails. A contender
 * answers `L`; of two contenders, the one with the lower name wins, and the other one fails, whether it asked
 * or was asked. A process that does not answer in time counts as the holder.
 */
export interface DataLock {
  /** Releases the lock. May be called twice. */
  release(): Promise<void>;
}

/** Another process that holds the lock. */
export interface LockHolder {
  /** Its own process id. If it runs in another container, the id means another process here. */
  readonly pid: number;
}

const namePattern = /^lock-([0-9a-f]{16})-(\d{1,10})\.sock$/;
const ANSWER_MILLIS = 2_000;
/** How often to ask a process whose connections end without an answer. */
const MAX_ATTEMPTS = 10;

/** The answers of a listening process. */
const HELD = 'H';
const CONTENDING = 'L';

/** @returns the lock, or the process that holds it */
export async function lockDirectory(directory: string): Promise<DataLock | LockHolder> {
  const claim = new Claim(directory);
  await claim.publish();
  try {
    const holder = await claim.acquire();
    if (holder === undefined) return { release: () => claim.withdraw() };
    await claim.withdraw();
    return holder;
  } catch (error) {
    await claim.withdraw();
    throw error;
  }
}

class Claim {
  readonly #directory: string;
  readonly #name = `lock-${randomBytes(8).toString('hex')}-${process.pid}.sock`;
  readonly #server: Server;
  /** Shortens long paths, see {@link Claim.#shortPath}. */
  readonly #descriptor: number;
  #state = CONTENDING;
  /** The lowest name of a process that was answered `CONTENDING`. */
  #lowestContender: string | undefined;
  #withdrawn: Promise<void> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#descriptor = openSync(directory, 'r');
    this.#server = createServer((socket) => this.#answer(socket));
  }

  /** Listens, and then makes the socket visible to other processes. */
  async publish(): Promise<void> {
    const hidden = `new-${this.#name}`;
    try {
      await new Promise<void>((done, failed) => {
        this.#server.once('error', failed);
        this.#server.listen(this.#shortPath(hidden), done);
      });
      this.#server.unref();
      renameSync(join(this.#directory, hidden), join(this.#directory, this.#name));
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /** @returns the process that holds the lock; undefined: this one */
  async acquire(): Promise<LockHolder | undefined> {
    const others = readdirSync(this.#directory).filter(
      (name) => namePattern.test(name) && name !== this.#name,
    );
    for (const other of others) {
      const answer = await this.#ask(other);
      if (answer === 'not-listening') {
        rmSync(join(this.#directory, other), { force: true });
      } else if (answer !== CONTENDING || other < this.#name) {
        return holderOf(other);
      }
    }
    // The names are compared and the answer for later contenders is changed in the same turn of the event
    // loop.
    if (this.#lowestContender !== undefined && this.#lowestContender < this.#name)
      return holderOf(this.#lowestContender);
    this.#state = HELD;
    return undefined;
  }

  withdraw(): Promise<void> {
    this.#withdrawn ??= new Promise((done) => {
      rmSync(join(this.#directory, this.#name), { force: true });
      this.#server.close(() => {
        closeSync(this.#descriptor);
        done();
      });
    });
    return this.#withdrawn;
  }

  /** Reads the name of the asking process, a line, and answers with the state of this one. */
  #answer(socket: Socket): void {
    let asker = '';
    socket.setTimeout(ANSWER_MILLIS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      asker += piece;
      if (asker.length > 100) socket.destroy();
      if (!asker.endsWith('\n')) return;
      const name = asker.trim();
      const isContender = this.#state === CONTENDING && namePattern.test(name);
      if (isContender && (this.#lowestContender === undefined || name < this.#lowestContender))
        this.#lowestContender = name;
      socket.end(this.#state);
    });
  }

  /**
   * Asks another process for its state. A contender that fails, or a holder that releases the lock, may close
   * its socket between the connection and the answer, so the question is repeated: only the next attempt
   * shows whether it still listens.
   * @returns its answer; `silent` if it listens but does not answer, `not-listening` if it has ended
   */
  async #ask(other: string): Promise<string> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const answer = await this.#askOnce(other);
      if (answer !== 'closed') return answer;
    }
    return 'silent';
  }

  /** @returns as above, or `closed` if the connection ended without an answer */
  #askOnce(other: string): Promise<string> {
    return new Promise((done) => {
      const socket = connect(this.#shortPath(other));
      let answer = '';
      const finish = (result: string) => {
        clearTimeout(timer);
        socket.destroy();
        done(result);
      };
      const timer = setTimeout(finish, ANSWER_MILLIS, 'silent');
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write(`${this.#name}\n`));
      socket.on('data', (piece: string) => {
        answer += piece;
      });
      socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
        if (code === 'ECONNREFUSED' || code === 'ENOENT') finish('not-listening');
        else finish(code === 'ECONNRESET' || code === 'EPIPE' ? 'closed' : 'silent');
      });
      socket.on('end', () => finish(answer === '' ? 'closed' : answer));
    });
  }

  /**
   * The path of a socket may have 107 bytes on Linux, and 103 elsewhere. On Linux, an open directory has a
   * short path; elsewhere a path relative to the working directory may be shorter.
   */
  #shortPath(name: string): string {
    const path = join(this.#directory, name);
    if (Buffer.byteLength(path) <= 103) return path;
    if (process.platform === 'linux') return `/proc/self/fd/${this.#descriptor}/${name}`;
    const short = relative(process.cwd(), path);
    if (Buffer.byteLength(short) <= 103) return short;
    throw new Error(`the path ${path} is too long for a lock; the limit is 103 bytes`);
  }
}

function holderOf(name: string): LockHolder {
  return { pid: Number(namePattern.exec(name)![2]) };
}
