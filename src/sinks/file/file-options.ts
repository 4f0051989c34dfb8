import type { OwnLog } from '../../component/index.ts';
import { type Clock, systemClock } from '../../record/index.ts';
import {
  checkKnown,
  checkObject,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
} from '../../settings/index.ts';
import type { LineFormat } from './line-source.ts';

/** When a new file is begun, and what becomes of the old ones. */
export interface RotateOptions {
  /** From this size on, looked at before each write, so a file gets larger by up to one write. 0: not by size. Default: 100 MiB. */
  readonly maxBytes?: number | undefined;
  /** From this age on, looked at before each write. 0: not by age. Default: one day. */
  readonly maxAgeMillis?: number | undefined;
  /** How many old files stay, from 1. Default: 10. */
  readonly keep?: number | undefined;
  /** Whether old files are compressed. Default: true. */
  readonly gzip?: boolean | undefined;
}

export interface FileSinkOptions {
  /** The file; it and the folders on the way are made. No other program may write to it. */
  readonly path: string;
  /**
   * `otlpJson`: lines of OTLP/JSON, at most 512 records each, which the Collector's `otlp_json_file` receiver and lnav
   * read. `text`: a line for each record, for people. Default: `otlpJson`.
   */
  readonly format?: LineFormat | undefined;
  readonly rotate?: RotateOptions | undefined;
  /**
   * `always`: a write has succeeded when it is on the disk. `never`: when the system has it, so that a power failure
   * can take the last records; the end of the daemon, of whatever kind, cannot. Default: `always`.
   */
  readonly fsync?: 'always' | 'never' | undefined;
  /** Who may read the file and rotated ones: 0600, 0640, 0644. Default: `owner`. */
  readonly mode?: keyof typeof modes | undefined;
  /** Where the compiled `line-thread` is, to make long pieces of work there. Default: none, all is done in this thread. */
  readonly thread?: URL | undefined;
  readonly log: OwnLog;
  readonly clock?: Clock | undefined;
}

export interface ResolvedFileOptions {
  readonly path: string;
  readonly format: LineFormat;
  readonly rotate: Required<{ [name in keyof RotateOptions]: NonNullable<RotateOptions[name]> }>;
  readonly fsync: 'always' | 'never';
  readonly mode: number;
  readonly thread: URL | undefined;
  readonly log: OwnLog;
  readonly clock: Clock;
}

const rotateDefaults: ResolvedFileOptions['rotate'] = {
  maxBytes: 104_857_600,
  maxAgeMillis: 86_400_000,
  keep: 10,
  gzip: true,
};

const modes = { owner: 0o600, group: 0o640, all: 0o644 } as const;

/** @throws TypeError or RangeError that names the option */
export function resolveFileOptions(options: FileSinkOptions): ResolvedFileOptions {
  checkKnown('FileSink', options, ['path', 'format', 'rotate', 'fsync', 'mode', 'thread', 'log', 'clock']);
  const {
    path,
    format = 'otlpJson',
    fsync = 'always',
    mode = 'owner',
    thread,
    log,
    clock = systemClock,
  } = options;
  if (typeof path !== 'string' || path === '') throw new TypeError(`path must be a path, got ${shown(path)}`);
  if (format !== 'otlpJson' && format !== 'text') {
    throw new TypeError(`format must be "otlpJson" or "text", got ${shown(format)}`);
  }
  if (fsync !== 'always' && fsync !== 'never') {
    throw new TypeError(`fsync must be "always" or "never", got ${shown(fsync)}`);
  }
  if (!Object.hasOwn(modes, mode)) {
    throw new TypeError(`mode must be "owner", "group" or "all", got ${shown(mode)}`);
  }
  checkObject('rotate', options.rotate ?? {});
  checkKnown('rotate', options.rotate ?? {}, Object.keys(rotateDefaults));
  const rotate = withDefaults(rotateDefaults, (options.rotate ?? {}) as Partial<typeof rotateDefaults>);
  wholeNumber('rotate.maxBytes', rotate.maxBytes, 0);
  wholeNumber('rotate.maxAgeMillis', rotate.maxAgeMillis, 0);
  wholeNumber('rotate.keep', rotate.keep, 1);
  trueOrFalse('rotate.gzip', rotate.gzip);
  return { path, format, rotate, fsync, mode: modes[mode], thread, log, clock };
}
