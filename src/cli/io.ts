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
   * Replaces the previously printed lines by the last ones that fit. Lines must be safe and no wider than the
   * terminal.
   */
  readonly redraw: (lines: readonly string[]) => void;
}

/** The process environment of a command; a test passes its own. */
export interface Io {
  /** Prints lines to standard output. Characters that would control the terminal are escaped. */
  readonly out: (text: string) => void;
  /** Prints lines to standard error in the same way. */
  readonly err: (text: string) => void;
  /** Prints an error like `err`, in red if colors are enabled. */
  readonly alarm: (text: string) => void;
  /** Prints lines unescaped, with backpressure; stops when the reader has closed the output. */
  readonly lines: (lines: Iterable<string>) => Promise<void>;
  /** Like `lines`, through a pager if the lines do not fit on the terminal. */
  readonly pages: (lines: Iterable<string>) => Promise<void>;
  readonly input: Readable;
  /** Writes a line unescaped, which is safe or intended for a program. */
  readonly send: (line: string) => void;
  /** Whether standard input is a file or a pipe. */
  readonly hasInput: boolean;
  /** The terminal, if standard output is one. */
  readonly terminal: Terminal | undefined;
  readonly environment: Environment;
  /** The working directory, absolute. */
  readonly directory: string;
  /** This package's version. */
  readonly version: string;
  /** Registers a handler for a closed standard output. @returns a function that removes it */
  readonly onClosed: (handler: () => void) => () => void;
  /** @returns a function that removes the handler */
  readonly onSignal: (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', handler: () => void) => () => void;
}

/** The environment of a process that can wait for its output. */
export interface ProcessIo extends Io {
  /**
   * Resolves when all output has been written, with the error if there was one. A closed reader is not an
   * error.
   */
  readonly outputError: () => Promise<Error | undefined>;
}

/** Returns the environment of this process. */
export function processIo(
  version: string,
  { stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'> = process,
): ProcessIo {
  // An error without a listener would end the process: a reader stops reading, as in `| head`, or a disk is
  // full.
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
    // Lazy, because reading the property opens the stream.
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
      // Moves to the first of these lines and clears the rest of the screen: ECMA-48 CPL and ED.
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
