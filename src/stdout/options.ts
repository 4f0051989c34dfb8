import type { Writable } from 'node:stream';
import { choice, code, group } from '../settings/index.ts';

/** A stream of Node; a terminal says so. It is never closed. */
export type OutputStream = Writable & {
  /** Whether it is a terminal. */
  readonly isTTY?: boolean | undefined;
};

/** How the records are written, and where. */
export interface StdoutLogRecordExporterOptions {
  /**
   * `'otlpJson'`: lines of OTLP/JSON. `'text'`: a readable line for each record, what a burst releases is indented.
   * Default `'auto'`: `'text'` on a terminal, else `'otlpJson'`.
   */
  readonly format?: 'auto' | 'otlpJson' | 'text' | undefined;
  /** Color of `'text'`. Default `'auto'`: on a terminal; `NO_COLOR` and `FORCE_COLOR` are obeyed. */
  readonly color?: 'auto' | 'always' | 'never' | undefined;
  /** Default: the standard output. */
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
