import { sep } from 'node:path';
import { dataLayout } from '../disk/index.ts';
import { isLoopback, type ListenAddress } from '../net/index.ts';
import { showDuration, showSize } from '../text/index.ts';
import type { Relations } from './relations.ts';
import type { Listener } from './relations-listeners.ts';

export function checkSinks(relations: Relations, listeners: readonly Listener[]): void {
  for (const sink of relations.config.sinks ?? []) {
    const path = `sinks.${sink.name}`;
    checkBounds(relations, path, sink);
    if (sink.type === 'otlp') checkOtlp(relations, path, sink, listeners);
  }
  checkPaths(relations);
}

function checkBounds({ config, fault }: Relations, path: string, sink: Relations['config']): void {
  const { bytes } = sink.maxBehind ?? {};
  const { maxBytes } = config.journal ?? {};
  if (bytes > maxBytes) {
    fault(
      `${path}.maxBehind.bytes`,
      `at most journal.maxBytes, ${showSize(maxBytes)}, got ${showSize(bytes)}`,
    );
  }
  const { initialMillis, maxMillis } = sink.retry ?? {};
  if (initialMillis > maxMillis) {
    const got = showDuration(initialMillis);
    fault(`${path}.retry.initial`, `at most retry.max, ${showDuration(maxMillis)}, got ${got}`);
  }
}

function checkOtlp(
  { has, fault }: Relations,
  path: string,
  sink: Relations['config'],
  listeners: readonly Listener[],
): void {
  for (const [key, other] of [
    ['certFile', 'keyFile'],
    ['keyFile', 'certFile'],
  ]) {
    if (has(`${path}.tls.${key}`) && !has(`${path}.tls.${other}`))
      fault(`${path}.tls.${key}`, `needs ${other} beside it`);
  }
  if (sink.endpoint === undefined) return;
  const url = new URL(sink.endpoint);
  if (has(`${path}.tls`) && url.protocol === 'http:') {
    fault(`${path}.tls`, 'needs an endpoint that begins with https://, got http://');
  }
  if (sink.protocol === 'grpc' && url.pathname !== '/') {
    fault(`${path}.endpoint`, 'has no path when protocol is grpc; is protocol: http meant?');
  }
  const own = listeners.find(({ address }) => address !== undefined && reaches(url, address));
  if (own !== undefined)
    fault(`${path}.endpoint`, `is this daemon's own ${own.path}: records would go round for ever`);
}

function reaches(url: URL, address: ListenAddress): boolean {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (port !== address.port) return false;
  return (
    host === address.host || (isLoopback(host) && (isLoopback(address.host) || isWildcard(address.host)))
  );
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** A file that a sink writes is nobody else's. */
function checkPaths({ config, data, files, fault }: Relations): void {
  const { root, logs } = dataLayout(data);
  const written = new Map<string, string>();
  for (const sink of config.sinks ?? []) {
    if (sink.type !== 'file' || sink.path === undefined) continue;
    const path = `sinks.${sink.name}.path`;
    const other =
      written.get(sink.path) ?? files.find(({ use, file }) => use !== 'written' && file === sink.path)?.path;
    if (other !== undefined) fault(path, `is the same file as ${other}`);
    written.set(sink.path, path);
    if (sink.path.endsWith(sep)) fault(path, 'a file, got a folder');
    if (isBelow(root, sink.path) && !isBelow(logs, sink.path)) {
      fault(
        path,
        "lies in the data directory, where the daemon keeps its own files; only data's logs/ is for sinks",
      );
    }
  }
}

function isBelow(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
