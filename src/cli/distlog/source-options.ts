import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DaemonSource, FileSource, type RecordSource, VictoriaLogsSource } from '../../reader/index.ts';
import { commandError, ExitCode, usageError } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { Progress } from './progress.ts';

/** The options of all commands that select the source of records. */
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
    help: 'a file with the token of the server (default: DISTLOG_TOKEN)',
  },
  'ca-file': { type: 'string', value: 'FILE', help: 'CA certificates (PEM) to trust for the server' },
} as const;

/** The paragraph about sources in the help of these commands. */
export const sourceDetails: readonly string[] = [
  'Records are read from files and directories (*.json, *.jsonl, *.ndjson, including rotated and gzipped files) of',
  'OTLP/JSON; otherwise from the given server; otherwise from standard input (or -), if it is a pipe or a file;',
  'otherwise from the distlogd with the socket .distlogd/distlogd.sock or /var/lib/distlogd/distlogd.sock.',
];

/** The exit codes that these commands share. */
export const exitDetails =
  '64 invalid command line or condition, 66 no such file or store, 69 no response, 77 invalid token.';

/** The values of the command line that select the source. */
export interface GivenSource {
  readonly daemon?: string | undefined;
  readonly 'victoria-logs'?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
}

/** What a command requires of its source. */
export interface SourceNeed {
  /** The command queries more than once, so standard input must be kept in memory. */
  readonly holdsInput?: boolean | undefined;
  /** Standard input is not a source. */
  readonly withoutInput?: boolean | undefined;
}

/** The result of {@link sourceOf}. */
export interface OpenedSource {
  readonly source: RecordSource;
  /** Removes the progress line. */
  readonly clear: () => void;
}

const SOCKET = 'distlogd.sock';

/**
 * Opens the source that a command line selects, see {@link sourceDetails}.
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
  if (named.length > 1) throw usageError('files, --daemon and --victoria-logs exclude each other');
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
    `no source: give files, pipe records, or use --daemon or --victoria-logs (no socket ${sockets.join(' or ')})`,
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
      `--${option} must be a URL such as http://localhost:5080${other}; got ${JSON.stringify(text)}`,
    );
  }
  return { name: `${option === 'daemon' ? 'the daemon' : 'VictoriaLogs'} at ${url.host}`, url, ...access };
}

/** Returns the path if the text contains a slash or names an existing file. */
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
