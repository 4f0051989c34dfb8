import type { Writable } from 'node:stream';
import { choice, code, group } from '../settings/index.ts';

/** A stream of Node.js, possibly a terminal. It is never closed. */
export type OutputStream = Writable & {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean | undefined;
};

/** The options of `StdoutLogRecordExporter`. */
export interface StdoutLogRecordExporterOptions {
  /**
   * The format: `'otlpJson'` writes OTLP/JSON lines. `'text'` writes a readable line per record and indents
   * the records that a burst releases. Default `'auto'`: `'text'` on a terminal, otherwise `'otlpJson'`.
   */
  readonly format?: 'auto' | 'otlpJson' | 'text' | undefined;
  /** Color of `'text'`. Default `'auto'`: on a terminal; `NO_COLOR` and `FORCE_COLOR` are respected. */
  readonly color?: 'auto' | 'always' | 'never' | undefined;
  /** The stream to write to. Default: standard output. */
  readonly stream?: OutputStream | undefined;
}

/** The definition of the options. */
export const stdoutOptions = group({
  format: choice(['auto', 'otlpJson', 'text'], { default: 'auto' }),
  color: choice(['auto', 'always', 'never'], { default: 'auto' }),
  stream: code({ expected: 'a writable stream', absent: 'the standard output', parse: asStream }),
});

function asStream(value: unknown): OutputStream | undefined {
  const found = value as Partial<OutputStream> | null;
  return typeof found?.write === 'function' && typeof found.on === 'function'
    ? (value as OutputStream)
    : undefined;
}
