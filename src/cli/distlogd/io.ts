import type { Environment } from '../../config/index.ts';
import { colored, isColored } from '../../text/index.ts';

/** What a command sees of the process it runs in; a test hands in its own. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Whether the error output is a terminal that wants colour. */
  readonly color: boolean;
  readonly environment: Environment;
  /** The working directory, absolute. */
  readonly directory: string;
  /** This package's version. */
  readonly version: string;
  /** @returns a function that stops listening */
  readonly onSignal: (signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM', handler: () => void) => () => void;
}

/** The process itself. */
export function processIo(version: string): Io {
  return {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    color: isColored('auto', { isTerminal: process.stderr.isTTY === true, env: process.env }),
    environment: process.env,
    directory: process.cwd(),
    version,
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      return () => process.off(signal, handler);
    },
  };
}

/** In red, where colour is wanted. */
export function alarming(io: Io, text: string): string {
  return io.color ? colored(text, 'red') : text;
}
