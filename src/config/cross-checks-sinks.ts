import { realpathSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { dataLayout } from '../disk/index.ts';
import { isLoopback, type ListenAddress } from '../net/index.ts';
import { showSize } from '../text/index.ts';
import type { WholeConfig } from './cross-checks.ts';
import type { Listener } from './listeners.ts';

/** Checks sinks against the rest of the configuration. */
export function checkSinks(whole: WholeConfig, listeners: readonly Listener[]): void {
  for (const sink of whole.config.sinks ?? []) {
    if (sink?.name === undefined) continue;
    const path = `sinks.${sink.name}`;
    checkBehind(whole, path, sink.maxBehind?.bytes);
    if (sink.type === 'otlp') checkDestination(whole, path, urlOf(sink.endpoint), listeners);
    if (sink.type === 'forward') checkDestination(whole, path, urlOf(sink.endpoint), listeners);
  }
  checkPaths(whole);
}

function checkBehind({ config, report }: WholeConfig, path: string, bytes: number | undefined): void {
  const maxBytes = config.journal?.maxBytes;
  if (bytes === undefined || maxBytes === undefined || bytes <= maxBytes) return;
  const most = showSize(maxBytes);
  report(`${path}.maxBehind.bytes`, `must be at most journal.maxBytes (${most}), got ${showSize(bytes)}`);
}

/** Rejects a destination that is the daemon itself, which would be an endless loop. */
function checkDestination(
  { report }: WholeConfig,
  path: string,
  url: URL | undefined,
  listeners: readonly Listener[],
): void {
  if (url === undefined) return;
  const own = listeners.find(({ address }) => address !== undefined && reaches(url, address));
  if (own === undefined) return;
  report(`${path}.endpoint`, `must be another server, got ${own.path} of this daemon: records would loop`);
}

/** The URL of a valid endpoint; undefined for a Unix domain socket. */
function urlOf(endpoint: string | undefined): URL | undefined {
  return endpoint === undefined || !URL.canParse(endpoint) ? undefined : new URL(endpoint);
}

function reaches(url: URL, address: ListenAddress): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (port !== address.port) return false;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === address.host) return true;
  return isLoopback(host) && (isLoopback(address.host) || ['0.0.0.0', '::'].includes(address.host));
}

/** A file that a sink writes must not be used for anything else. */
function checkPaths({ config, files, report }: WholeConfig): void {
  const { root, logs } = dataLayout(config.data);
  checkStores(config, report);
  const written = new Map<string, string>();
  for (const sink of config.sinks ?? []) {
    if (sink?.type !== 'file' || sink.path === undefined) continue;
    const path = `sinks.${sink.name}.path`;
    const real = realPathOf(sink.path);
    const other = written.get(real) ?? files.find(({ file }) => realPathOf(file) === real)?.path;
    if (other !== undefined) report(path, `must be a separate file, got that of ${other}`);
    written.set(real, path);
    if (sink.path.endsWith(sep)) report(path, 'must be a file, got a directory');
    if (isBelow(realPathOf(root), real) && !isBelow(realPathOf(logs), real)) {
      report(
        path,
        'must not be in the data directory, which is reserved for the daemon; sinks may only use its directory logs/',
      );
    }
  }
}

/** Each store needs a separate directory; inside the data directory it must be below `store/`. */
function checkStores(config: WholeConfig['config'], report: WholeConfig['report']): void {
  const root = realPathOf(dataLayout(config.data).root);
  const known = new Map<string, string>();
  for (const sink of config.sinks ?? []) {
    if (sink?.type !== 'store' || sink.path === undefined) continue;
    const path = `sinks.${sink.name}.path`;
    const real = realPathOf(sink.path);
    const other = [...known].find(([each]) => isBelow(each, real) || isBelow(real, each))?.[1];
    if (other !== undefined) report(path, `must be a separate directory, got that of ${other}`);
    known.set(real, path);
    const own = join(root, 'store');
    const isOwn = real !== own && isBelow(own, real);
    if (!isOwn && (isBelow(root, real) || isBelow(real, root))) {
      report(path, 'must not be in the data directory, except below store/');
    }
  }
}

/**
 * Resolves the existing part of a path, so that symbolic links cannot hide that two paths are the same file.
 */
function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const directory = dirname(path);
    return directory === path ? path : join(realPathOf(directory), basename(path));
  }
}

function isBelow(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
