import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DaemonSource, FileSource, type RecordSource, VictoriaLogsSource } from '../../reader/index.ts';
import { commandError, ExitCode, usageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { Progress } from './progress.ts';

/** The options of all commands that say where records are read from. */
export const sourceOptions = {
  daemon: {
    type: 'string',
    value: 'URL',
    help: 'a distlogd: http(s)://HOST:5080, or the path of its socket (default: DISTLOG_DAEMON)',
  },
  'victoria-logs': { type: 'string', value: 'URL', help: 'a VictoriaLogs server: http(s)://HOST:9428' },
  'token-file': {
    type: 'string',
    value: 'FILE',
    help: 'the token of the server is in this file (default: DISTLOG_TOKEN)',
  },
  'ca-file': { type: 'string', value: 'FILE', help: 'certificates (PEM) that the server may have' },
} as const;

/** What the help of these commands says. */
export const sourceDetails: readonly string[] = [
  'Records are read from files and directories (their *.json, *.jsonl, *.ndjson, rotated and gzipped ones too) of',
  'OTLP/JSON; else from the server that is named; else from standard input (also named -), if it is a pipe or a file;',
  'else from the distlogd whose socket is .distlogd/distlogd.sock or /var/lib/distlogd/distlogd.sock.',
];

/** The exit codes that all of these commands have. */
export const exitDetails =
  '64 wrong command line or condition, 66 no such file or store, 69 no answer, 77 wrong token.';

/** What a command line says about the source. */
export interface GivenSource {
  readonly daemon?: string | undefined;
  readonly 'victoria-logs'?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
}

/** What a command needs of its source. */
export interface SourceNeed {
  /** It asks more than once, so standard input has to be held in memory. */
  readonly holdsInput?: boolean | undefined;
  /** Standard input is no source. */
  readonly withoutInput?: boolean | undefined;
}

/** What {@link sourceOf} makes. */
export interface OpenedSource {
  readonly source: RecordSource;
  /** Removes what shows how far a long reading is. */
  readonly clear: () => void;
}

const SOCKET = 'distlogd.sock';

/**
 * The source that a command line names, see {@link sourceDetails}.
 * @throws CommandError
 */
export function sourceOf(
  given: GivenSource,
  files: readonly string[],
  io: Io,
  need: SourceNeed = {},
): OpenedSource {
  const { daemon, 'victoria-logs': victoriaLogs } = given;
  const named = [files.length > 0 ? 'files' : undefined, daemon, victoriaLogs].filter(
    (each) => each !== undefined,
  );
  if (named.length > 1) throw usageError('give one of files, --daemon and --victoria-logs');
  if (files.length > 0) return filesOf(files, need);
  if (victoriaLogs !== undefined)
    return opened(new VictoriaLogsSource(serverOf('victoria-logs', victoriaLogs, given, io)));
  const server = daemon ?? io.environment.DISTLOG_DAEMON;
  if (server !== undefined && server !== '')
    return opened(new DaemonSource(serverOf('daemon', server, given, io)));
  if (io.hasInput && need.withoutInput !== true) return filesOf(['-'], need);
  const sockets = [resolve(io.directory, '.distlogd', SOCKET), join('/var/lib/distlogd', SOCKET)];
  const socket = sockets.find((path) => existsSync(path));
  if (socket !== undefined) return opened(new DaemonSource(serverOf('daemon', socket, given, io)));
  throw usageError(
    `no source: name files, pipe records in, or use --daemon or --victoria-logs (there is no ${sockets.join(' and no ')})`,
  );
}

function opened(source: RecordSource): OpenedSource {
  return { source, clear: () => {} };
}

function filesOf(files: readonly string[], { holdsInput = false }: SourceNeed): OpenedSource {
  const progress = new Progress(process.stderr);
  const onProgress = (records: number, bytes: number) => progress.show(records, bytes);
  return { source: new FileSource({ files, onProgress, holdsInput }), clear: () => progress.clear() };
}

function serverOf(option: 'daemon' | 'victoria-logs', text: string, given: GivenSource, io: Io) {
  const tokenFile = given['token-file'];
  const caFile = given['ca-file'];
  const token = tokenFile === undefined ? io.environment.DISTLOG_TOKEN : fileText(tokenFile, io).trim();
  const access = {
    ...(token !== undefined && token !== '' && { token }),
    ...(caFile !== undefined && { ca: fileText(caFile, io) }),
  };
  const path = option === 'daemon' ? socketOf(text, io) : undefined;
  if (path !== undefined) {
    return { name: `the daemon at ${path}`, url: new URL('http://localhost'), socketPath: path, ...access };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    const other = option === 'daemon' ? ', or the path of a socket' : '';
    throw usageError(
      `--${option} must be a URL as http://localhost:5080${other}; got ${JSON.stringify(text)}`,
    );
  }
  return { name: `${option === 'daemon' ? 'the daemon' : 'VictoriaLogs'} at ${url.host}`, url, ...access };
}

/** A path is written with a slash or names something that is there. */
function socketOf(text: string, { directory }: Io): string | undefined {
  if (text.startsWith('unix:')) return resolve(directory, text.slice('unix:'.length));
  if (/^https?:/i.test(text)) return undefined;
  const path = resolve(directory, text);
  return text.includes('/') || existsSync(path) ? path : undefined;
}

function fileText(file: string, { directory }: Io): string {
  try {
    return readFileSync(resolve(directory, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw commandError(ExitCode.NO_INPUT, `${file}: ${code === 'ENOENT' ? 'no such file' : code}`);
  }
}
