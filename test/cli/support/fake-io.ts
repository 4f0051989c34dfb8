import { Readable } from 'node:stream';
import type { Io } from '../../../src/cli/io.ts';

/** A terminal that keeps what is printed. */
export function fakeIo(directory: string): {
  readonly io: Io;
  readonly out: string[];
  readonly err: string[];
} {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    alarm: (text) => err.push(text),
    lines: async (lines) => {
      out.push(...lines);
    },
    pages: async (lines) => {
      out.push(...lines);
    },
    input: Readable.from([]),
    send: (line) => out.push(line),
    hasInput: false,
    terminal: undefined,
    environment: {},
    directory,
    version: '1.2.3',
    onClosed: () => () => {},
    onSignal: () => () => {},
  };
  return { io, out, err };
}
