import type { ValueOf } from '../settings/index.ts';
import type { definition } from './definition.ts';

/** The validated content of a file with defaults; sizes are bytes, durations milliseconds. */
export type FileValues = ValueOf<typeof definition>;

/** The complete configuration, as used by the parts of the daemon. */
export type DaemonConfig = Omit<FileValues, 'sinks' | 'http'> & {
  /** Health, metrics and status; undefined: off. */
  readonly http?: HttpConfig | undefined;
  /** In the order of the file. */
  readonly sinks: readonly SinkConfig[];
};

export type HttpConfig = Exclude<FileValues['http'], false>;

type SinkValues = FileValues['sinks'][string];

/** A sink with its name, and its path if it writes files. */
export type SinkConfig =
  | (Extract<SinkValues, { readonly type: 'file' | 'store' }> & {
      readonly name: string;
      readonly path: string;
    })
  | (Exclude<SinkValues, { readonly type: 'file' | 'store' }> & { readonly name: string });

/** A configuration in which invalid values may be missing. */
export type Partly<T> = T extends object ? { readonly [K in keyof T]?: Partly<T[K]> | undefined } : T;
