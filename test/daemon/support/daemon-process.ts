import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The built daemon: `npm test` builds first, `node scripts/build.js` does it without tests. */
export const PROGRAM = join(__dirname, '../../../dist/esm/cli/distlogd.js');

export interface DaemonProcessOptions {
  readonly cwd: string;
  /** Default: `run`. */
  readonly command?: string;
  /** A program that runs it, with its arguments. */
  readonly under?: readonly string[];
  /** The command that starts it instead of node and its file. */
  readonly program?: readonly string[];
}

/** `distlogd` as a real process, with its output so far. */
export class DaemonProcess {
  readonly child: ChildProcess;
  /** Exit code and signal, after all output. */
  readonly exit: Promise<readonly [number | null, NodeJS.Signals | null]>;
  /** Standard output and standard error. */
  said = '';
  #hasEnded = false;
  #onOutput: () => void = () => {};

  constructor(args: readonly string[], options: DaemonProcessOptions) {
    const started = options.program ?? [process.execPath, PROGRAM];
    const line = [...started, options.command ?? 'run', ...args];
    const [program = '', ...rest] = [...(options.under ?? []), ...line];
    this.child = spawn(program, rest, {
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    this.exit = once(this.child, 'close').then((ended) => {
      this.#hasEnded = true;
      this.#onOutput();
      return ended as unknown as readonly [number | null, NodeJS.Signals | null];
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (piece) => {
        this.said += String(piece);
        this.#onOutput();
      });
    }
  }

  /** Waits until it has printed this `times` times. @throws (rejects) with its output if it ends before */
  async says(text: string, times = 1): Promise<void> {
    while (this.said.split(text).length <= times) {
      if (this.#hasEnded) throw new Error(`ended without ${JSON.stringify(text)}: ${this.said}`);
      await new Promise<void>((heard) => {
        this.#onOutput = heard;
      });
    }
  }

  /** Waits until it is ready. @returns where each receiver listens, and `http` */
  async ready(): Promise<Readonly<Record<string, string>>> {
    await this.says('ready: ');
    const [, list = ''] = /ready: (.*?)(?: {2}|\n)/.exec(this.said) ?? [];
    return Object.fromEntries(list.split(', ').map((one) => one.split(' ') as [string, string]));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Processes that are killed after each test, whether it passed or not. */
export function daemonsForEachTest(folder: () => string) {
  const all: DaemonProcess[] = [];
  afterEach(async () => {
    for (const { child } of all) child.kill('SIGKILL');
    await Promise.all(all.splice(0).map(({ exit }) => exit));
  });
  return (args: readonly string[] = [], more: Partial<DaemonProcessOptions> = {}) => {
    const daemon = new DaemonProcess(args, { cwd: folder(), ...more });
    all.push(daemon);
    return daemon;
  };
}
