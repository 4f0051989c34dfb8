import { checkKnown, duration, shown, wholeNumber, withDefaults } from '../settings/index.ts';

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
  /** Names the file, and says whose boxes are recovered. Default: `OTEL_SERVICE_NAME`, or `unknown_service`. */
  readonly service?: string | undefined;
  /** Boxes of dead processes that the directory keeps; the oldest go first. Default 20. */
  readonly maxFiles?: number | undefined;
  /** Their size together. Default 64 MiB. */
  readonly maxTotalBytes?: number | undefined;
  /** A box that was written to so long ago is removed unread, in milliseconds. Default 86,400,000, a day. */
  readonly maxAgeMillis?: number | undefined;
}

/** Every option, decided. */
export interface ResolvedBlackBoxOptions {
  readonly directory: string;
  readonly bytes: number;
  readonly flushMillis: number;
  readonly isExcluded: (logger: string) => boolean;
  readonly redact: ReadonlySet<string>;
  readonly service: string;
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  readonly maxAgeMillis: number;
}

const MEBIBYTE = 1024 * 1024;
const MAX_BYTES = 1024 * MEBIBYTE;

const defaults = {
  directory: '' as unknown,
  bytes: 8 * MEBIBYTE,
  flushMillis: 10,
  exclude: [] as readonly string[],
  redact: [] as readonly string[],
  service: undefined as string | undefined,
  maxFiles: 20,
  maxTotalBytes: 64 * MEBIBYTE,
  maxAgeMillis: 24 * 60 * 60 * 1_000,
};

/** @throws RangeError or TypeError that says option, expected and actual value */
export function resolveBlackBoxOptions(given: BlackBoxOptions): ResolvedBlackBoxOptions {
  checkKnown('blackBox', given, Object.keys(defaults));
  const options = withDefaults(defaults, given);
  const { directory } = options;
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError(`blackBox.directory must be a path, got ${shown(given.directory)}`);
  }
  const exclude = texts('exclude', options.exclude);
  return {
    directory,
    bytes: wholeNumber('blackBox.bytes', options.bytes, MEBIBYTE, MAX_BYTES),
    flushMillis: duration('blackBox.flushMillis', options.flushMillis, 1),
    isExcluded: excludes(exclude),
    redact: new Set(texts('redact', options.redact)),
    service: options.service ?? serviceName(),
    maxFiles: wholeNumber('blackBox.maxFiles', options.maxFiles, 1),
    maxTotalBytes: wholeNumber('blackBox.maxTotalBytes', options.maxTotalBytes, MEBIBYTE),
    maxAgeMillis: duration('blackBox.maxAgeMillis', options.maxAgeMillis, 1),
  };
}

function texts(name: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '')) return value;
  throw new TypeError(`blackBox.${name} must be a list of names, got ${shown(value)}`);
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
