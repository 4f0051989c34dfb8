import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join, relative } from 'node:path';

/**
 * The lock of the data directory, held by one process on this machine at a time.
 *
 * A holder is a process that listens on a Unix socket in the directory: the operating system ends that with
 * the process, however it dies, so that a lock is never stale; process ids, which are used again and mean
 * different things in different containers, decide nothing. Everyone has a socket of its own, whose random
 * name is never used again, and which gets that name only when it listens already; so whoever does not answer
 * the knock is dead, and removing what it left cannot hit anybody else.
 *
 * Who wins: each makes its socket visible first and looks for others then, so of two at least one sees the
 * other. It asks the other. "I hold it": the asker stops. "I am looking too": the one with the lower name
 * wins, and the other, whether it asked or was asked, knows it and stops. Who does not answer in time
 * counts as a holder.
 */
export interface DataLock {
  /** Releases the lock. May be called twice. */
  release(): Promise<void>;
}

/** Somebody else holds the lock. */
export interface LockHolder {
  /** As the holder sees it: in another container it is another process here. */
  readonly pid: number;
}

const namePattern = /^lock-([0-9a-f]{16})-(\d{1,10})\.sock$/;
const knockMillis = 2_000;
/** So often it knocks at a door that was closed before there was an answer: the next knock meets nobody. */
const MAX_KNOCKS = 10;

/** What a listener answers. */
const HELD = 'H';
const LOOKING = 'L';

/** @returns the lock, or who has it */
export async function lockDirectory(directory: string): Promise<DataLock | LockHolder> {
  const claim = new Claim(directory);
  await claim.publish();
  try {
    const holder = await claim.look();
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
  /** Makes a short path of a long one, see {@link Claim.#short}. */
  readonly #descriptor: number;
  #state = LOOKING;
  /** The asker of the lowest name that was answered `LOOKING`. */
  #lowestAsker: string | undefined;
  #withdrawn: Promise<void> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#descriptor = openSync(directory, 'r');
    this.#server = createServer((socket) => this.#answer(socket));
  }

  /** Listens, and only then becomes visible to others. */
  async publish(): Promise<void> {
    const hidden = `new-${this.#name}`;
    try {
      await new Promise<void>((done, failed) => {
        this.#server.once('error', failed);
        this.#server.listen(this.#short(hidden), done);
      });
      this.#server.unref();
      renameSync(join(this.#directory, hidden), join(this.#directory, this.#name));
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /** @returns who has the lock; undefined: we have */
  async look(): Promise<LockHolder | undefined> {
    const others = readdirSync(this.#directory).filter(
      (name) => namePattern.test(name) && name !== this.#name,
    );
    for (const other of others) {
      const answer = await this.#knock(other);
      if (answer === 'dead') {
        rmSync(join(this.#directory, other), { force: true });
      } else if (answer !== LOOKING || other < this.#name) {
        return holderOf(other);
      }
    }
    // No turn of the event loop lies between this look at the askers and the change of what the next ones
    // hear.
    if (this.#lowestAsker !== undefined && this.#lowestAsker < this.#name) return holderOf(this.#lowestAsker);
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

  /** Reads the asker's name, a line, and answers with our state. */
  #answer(socket: Socket): void {
    let asker = '';
    socket.setTimeout(knockMillis, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      asker += piece;
      if (asker.length > 100) socket.destroy();
      if (!asker.endsWith('\n')) return;
      const name = asker.trim();
      const isLooking = this.#state === LOOKING && namePattern.test(name);
      if (isLooking && (this.#lowestAsker === undefined || name < this.#lowestAsker))
        this.#lowestAsker = name;
      socket.end(this.#state);
    });
  }

  /**
   * One that loses, or releases the lock, may close its socket, or end, between the knock and the answer. Only the next
   * knock tells whether it is gone.
   * @returns the other's answer; `silent` if it is there and gives none, `dead` if nobody listens
   */
  async #knock(other: string): Promise<string> {
    for (let knocks = 1; knocks <= MAX_KNOCKS; knocks += 1) {
      const answer = await this.#knockOnce(other);
      if (answer !== 'closed') return answer;
    }
    return 'silent';
  }

  /** @returns also `closed`: the connection ended without an answer */
  #knockOnce(other: string): Promise<string> {
    return new Promise((done) => {
      const socket = connect(this.#short(other));
      let answer = '';
      const finish = (result: string) => {
        clearTimeout(timer);
        socket.destroy();
        done(result);
      };
      const timer = setTimeout(finish, knockMillis, 'silent');
      socket.setEncoding('latin1');
      socket.on('connect', () => socket.write(`${this.#name}\n`));
      socket.on('data', (piece: string) => {
        answer += piece;
      });
      socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
        if (code === 'ECONNREFUSED' || code === 'ENOENT') finish('dead');
        else finish(code === 'ECONNRESET' || code === 'EPIPE' ? 'closed' : 'silent');
      });
      socket.on('end', () => finish(answer === '' ? 'closed' : answer));
    });
  }

  /**
   * The name of a socket may have 107 bytes on Linux, 103 elsewhere. Linux offers a short way to any
   * directory that is open; elsewhere a path relative to the working directory may help.
   */
  #short(name: string): string {
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
