import type { Environment } from '../config/index.ts';
import { colored, isColored, safeText } from '../text/index.ts';
import { writeLines } from './write-lines.ts';

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
  /** The standard output, if it is a terminal: how wide it is, and whether it wants colour. */
  readonly terminal: { readonly columns: number; readonly color: boolean } | undefined;
  readonly environment: Environment;
  /** The working directory, absolute. */
  readonly directory: string;
  /** This package's version. */
  readonly version: string;
  /** @returns a function that stops listening */
  readonly onSignal: (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', handler: () => void) => () => void;
}

/** The process itself. */
export function processIo(
  version: string,
  { stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'> = process,
): Io {
  // Who reads the output may stop reading, as `| head` does. That is no error, and must find a listener at any time.
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const wantsColor = ({ isTTY }: NodeJS.WriteStream) =>
    isColored('auto', { isTerminal: isTTY === true, env });
  const print = (stream: NodeJS.WriteStream, text: string) => stream.write(`${text}\n`);
  return {
    out: (text) => print(stdout, safeLines(text)),
    err: (text) => print(stderr, safeLines(text)),
    alarm: (text) => print(stderr, wantsColor(stderr) ? colored(safeLines(text), 'red') : safeLines(text)),
    lines: (lines) => writeLines(stdout, lines),
    terminal: stdout.isTTY ? { columns: stdout.columns, color: wantsColor(stdout) } : undefined,
    environment: env,
    directory: process.cwd(),
    version,
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      return () => process.off(signal, handler);
    },
  };
}

function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line))
    .join('\n');
}
