import { bytes, code, count, flag, millis, path, text, type Values } from '../settings/index.ts';

/** Options of a black box: a file in which held records survive the end of the process. */
export interface BlackBoxOptions {
  /**
   * The directory of this process's box. Boxes of dead processes are recovered from the same directory. It is
   * created with mode 0700 if it does not exist. On a tmpfs (`/dev/shm`, `/run`) nothing is written to a
   * disk.
   */
  readonly directory: string;
  /** Size of the file. From 1 MiB; default 8 MiB, which holds about 180,000 records. */
  readonly bytes?: number | undefined;
  /**
   * The maximum time before a record is written, in milliseconds. A SIGKILL can lose the records of that
   * time. From 1; default 10.
   */
  readonly flushMillis?: number | undefined;
  /** Loggers whose records are never written: names, or prefixes that end with `*`. Default none. */
  readonly exclude?: readonly string[] | undefined;
  /** Attribute keys whose values are never written, at any depth. Default none. */
  readonly redact?: readonly string[] | undefined;
  /**
   * Writes the file from a worker thread and records in the box when the event loop hangs. Every record is
   * then encoded on arrival, including those of short requests. Default false.
   */
  readonly watch?: boolean | undefined;
  /**
   * With `watch`: how long the event loop may be blocked before it counts as hung, in milliseconds. From 100;
   * default 5,000.
   */
  readonly hangMillis?: number | undefined;
  /** Names the file and selects the boxes to recover. Default: `OTEL_SERVICE_NAME`, or `unknown_service`. */
  readonly service?: string | undefined;
  /**
   * The maximum number of boxes of dead processes in the directory; the oldest are removed first. Default 20.
   */
  readonly maxFiles?: number | undefined;
  /** The maximum total size of these boxes. Default 64 MiB. */
  readonly maxTotalBytes?: number | undefined;
  /**
   * The maximum age of a box since its last write, in milliseconds; older boxes are removed unread.
   * Default 86,400,000 (one day).
   */
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

/** The options with all defaults applied. */
export interface ResolvedBlackBoxOptions
  extends Omit<Values<typeof boxFields>, 'exclude' | 'redact' | 'service'> {
  readonly isExcluded: (logger: string) => boolean;
  readonly redact: ReadonlySet<string>;
  readonly service: string;
}

/** Derives the resolved options from the checked ones. */
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
