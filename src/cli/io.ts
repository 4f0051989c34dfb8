import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Environment } from '../config/index.ts';
import { nextTurn } from '../record/index.ts';
import { colored, isColored, safeText } from '../text/index.ts';
import { writePages } from './pager.ts';
import { writeLines } from './write-lines.ts';

/** A terminal. Its size may change. */
export interface Terminal {
  readonly columns: number;
  readonly color: boolean;
  /**
   * Prints lines in place of those that it printed before, as many as fit, the last ones; they are safe and no wider than
   * the terminal.
   */
  readonly redraw: (lines: readonly string[]) => void;
}

/** What a command sees of the process that it runs in; a test passes its own. */
export interface Io {
  /** Prints lines. What would change the terminal in them is escaped. */
  readonly out: (text: string) => void;
  /** The same to the standard error output. */
  readonly err: (text: string) => void;
  /** An error: as `err`, in red where colour is wanted. */
  readonly alarm: (text: string) => void;
  /** Prints lines as they are, no faster than they are read; stops when the reader is gone. */
  readonly lines: (lines: Iterable<string>) => Promise<void>;
  /** The same, through a pager if the lines are more than the terminal shows at once. */
  readonly pages: (lines: Iterable<string>) => Promise<void>;
  readonly input: Readable;
  /** Writes a line as it is, which has nothing unsafe in it, or is for a program. */
  readonly send: (line: string) => void;
  /** Whether a file or a pipe is the standard input. */
  readonly hasInput: boolean;
  /** The standard output, if it is a terminal: how wide it is, and whether it wants colour. */
  readonly terminal: Terminal | undefined;
  readonly environment: Environment;
  /** The working directory, absolute. */
  readonly directory: string;
  /** This package's version. */
  readonly version: string;
  /** Is called when nobody reads the standard output any more. @returns a function that stops listening */
  readonly onClosed: (handler: () => void) => () => void;
  /** @returns a function that stops listening */
  readonly onSignal: (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', handler: () => void) => () => void;
}

/** The surroundings of a process that ends when its output has left it. */
export interface ProcessIo extends Io {
  /**
   * Resolves when all that was printed has left the process, with what went wrong. A reader that stopped reading is no
   * error.
   */
  readonly outputError: () => Promise<Error | undefined>;
}

/** Those of the process itself. */
export function processIo(
  version: string,
  { stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'> = process,
): ProcessIo {
  // An error must find a listener at any time, or it ends the process: a reader stops reading, as `| head` does, or a
  // disk is full.
  let failure: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error) => {
    failure ??= error;
  });
  stderr.on('error', () => {});
  const wantsColor = ({ isTTY }: NodeJS.WriteStream) =>
    isColored('auto', { isTerminal: isTTY === true, env });
  const print = (stream: NodeJS.WriteStream, text: string) => stream.write(`${text}\n`);
  return {
    out: (text) => print(stdout, safeLines(text)),
    err: (text) => print(stderr, safeLines(text)),
    alarm: (text) => print(stderr, wantsColor(stderr) ? colored(safeLines(text), 'red') : safeLines(text)),
    lines: (lines) => writeLines(stdout, lines),
    // Not before somebody wants it: to look at it opens it.
    get input() {
      return process.stdin;
    },
    send: (line) => print(stdout, line),
    pages: (lines) => writePages(stdout, lines, env),
    get hasInput() {
      return isInput(0);
    },
    terminal: stdout.isTTY ? terminalOf(stdout, wantsColor(stdout)) : undefined,
    environment: env,
    directory: process.cwd(),
    version,
    onClosed: (handler) => {
      for (const event of ['close', 'error']) stdout.on(event, handler);
      return () => {
        for (const event of ['close', 'error']) stdout.off(event, handler);
      };
    },
    outputError: async () => {
      await new Promise<void>((resolve) => stdout.write('', () => resolve()));
      // The stream calls back before it emits the error.
      await nextTurn();
      return failure?.code === 'EPIPE' ? undefined : failure;
    },
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      return () => process.off(signal, handler);
    },
  };
}

function terminalOf(stdout: NodeJS.WriteStream, color: boolean): Terminal {
  let height = 0;
  return {
    get columns() {
      return stdout.columns;
    },
    color,
    redraw: (lines) => {
      const shown = lines.slice(-Math.max(1, stdout.rows - 1));
      // To the first of these lines, and from there on everything is cleared: ECMA-48 CPL and ED.
      const back = height === 0 ? '' : `\x1b[${height}F\x1b[J`;
      height = Math.min(shown.length, stdout.rows - 1);
      stdout.write(back + shown.map((line) => `${line}\n`).join(''));
    },
  };
}

function isInput(descriptor: number): boolean {
  try {
    const input = fstatSync(descriptor);
    return input.isFile() || input.isFIFO() || input.isSocket();
  } catch {
    return false;
  }
}

function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line))
    .join('\n');
}
