import { bytes, code, count, flag, millis, path, text, type Values } from '../settings/index.ts';

/** A black box: where held records survive the end of the process. */
export interface BlackBoxOptions {
  /**
   * Where the file of this process lies, and where boxes of processes that have died are looked for. Made with
   * mode 0700 if it is not there. On a tmpfs (`/dev/shm`, `/run`) nothing ever reaches a disk.
   */
  readonly directory: string;
  /** Size of the file. From 1 MiB; default 8 MiB, which holds about 180,000 records. */
  readonly bytes?: number | undefined;
  /**
   * How long a record may wait until it is written, in milliseconds. That much may be missing after a SIGKILL.
   * From 1; default 10.
   */
  readonly flushMillis?: number | undefined;
  /** Loggers whose records are never written: their names, or the beginning of names with `*`. Default none. */
  readonly exclude?: readonly string[] | undefined;
  /** Keys of attributes whose values are never written, at any depth. Default none. */
  readonly redact?: readonly string[] | undefined;
  /**
   * A worker thread writes the file, and the box says when the event loop hangs. Each record is then encoded when it
   * comes, also those of short requests. Default false.
   */
  readonly watch?: boolean | undefined;
  /** With `watch`: the event loop hangs when it does not turn for so long, in milliseconds. From 100; default 5,000. */
  readonly hangMillis?: number | undefined;
  /** Names the file, and says whose boxes are recovered. Default: `OTEL_SERVICE_NAME`, or `unknown_service`. */
  readonly service?: string | undefined;
  /** Boxes of dead processes that the directory keeps; the oldest go first. Default 20. */
  readonly maxFiles?: number | undefined;
  /** Their size together. Default 64 MiB. */
  readonly maxTotalBytes?: number | undefined;
  /** A box that was written to so long ago is removed unread, in milliseconds. Default 86,400,000, a day. */
  readonly maxAgeMillis?: number | undefined;
}

const MEBIBYTE = 1024 * 1024;
const MAX_BYTES = 1024 * MEBIBYTE;

/** The bounds and defaults of {@link BlackBoxOptions}. */
export const boxFields = {
  directory: path({}),
  bytes: bytes({ min: MEBIBYTE, max: MAX_BYTES, default: 8 * MEBIBYTE }),
  flushMillis: millis({ min: 1, default: 10 }),
  exclude: code({ expected: 'a list of names', parse: namesOf, default: [] }),
  redact: code({ expected: 'a list of names', parse: namesOf, default: [] }),
  watch: flag({ default: false }),
  hangMillis: millis({ min: 100, default: 5_000 }),
  service: text({ expected: 'a string', pattern: /^/, absent: '`OTEL_SERVICE_NAME`, or `unknown_service`' }),
  maxFiles: count({ min: 1, default: 20 }),
  maxTotalBytes: bytes({ min: MEBIBYTE, default: 64 * MEBIBYTE }),
  maxAgeMillis: millis({ min: 1, default: 24 * 60 * 60 * 1_000 }),
};

/** Every option, decided. */
export interface ResolvedBlackBoxOptions
  extends Omit<Values<typeof boxFields>, 'exclude' | 'redact' | 'service'> {
  readonly isExcluded: (logger: string) => boolean;
  readonly redact: ReadonlySet<string>;
  readonly service: string;
}

/** What the checked options come to. */
export function completeBoxOptions(options: Values<typeof boxFields>): ResolvedBlackBoxOptions {
  const { exclude, redact, service = serviceName(), ...rest } = options;
  return { ...rest, service, isExcluded: excludes(exclude), redact: new Set(redact) };
}

function namesOf(value: unknown): readonly string[] | undefined {
  const areNames = Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
  return areNames ? value : undefined;
}

function excludes(patterns: readonly string[]): (logger: string) => boolean {
  if (patterns.length === 0) return () => false;
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const starts = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (logger) => names.has(logger) || starts.some((start) => logger.startsWith(start));
}

function serviceName(): string {
  const { OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES = '' } = process.env;
  const inResource = /(?:^|,)\s*service\.name\s*=\s*([^,]*)/.exec(OTEL_RESOURCE_ATTRIBUTES)?.[1]?.trim();
  return OTEL_SERVICE_NAME || inResource || 'unknown_service';
}
