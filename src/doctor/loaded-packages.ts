import { readFileSync } from 'node:fs';
import { Module } from 'node:module';
import { join, sep } from 'node:path';
import { isHooked } from '../record/index.ts';
import type { Copy, LoadedLogger } from './evidence.ts';

const WATCHED = ['@opentelemetry/api', '@opentelemetry/sdk-logs'];
const LOGGERS = ['pino', 'winston', 'bunyan'];

/** Returns the files of CommonJS modules in load order. Nearly all loggers on npm are CommonJS. */
export function loadedFiles(): readonly string[] {
  return Object.keys((Module as unknown as { _cache: object })._cache);
}

/** Returns every folder from which a package is loaded. */
export function copiesIn(files: readonly string[]): readonly Copy[] {
  return WATCHED.flatMap((name) => {
    const part = partOf(name);
    const found = files.filter((file) => file.includes(part));
    const folders = new Set(found.map((file) => file.slice(0, file.lastIndexOf(part) + part.length - 1)));
    return [...folders].map((folder) => ({ name, folder, version: versionIn(folder) }));
  });
}

/** Returns the loaded loggers, and whether their instrumentation was loaded first. */
export function loggersIn(files: readonly string[]): readonly LoadedLogger[] {
  const first = (name: string) => files.findIndex((file) => file.includes(partOf(name)));
  return LOGGERS.filter((name) => first(name) >= 0).map((name) => {
    if (isHooked(name)) return { name, instrumentation: 'hook' };
    const instrumentation = first(`@opentelemetry/instrumentation-${name}`);
    if (instrumentation < 0) return { name, instrumentation: 'none' };
    return { name, instrumentation: instrumentation < first(name) ? 'before' : 'after' };
  });
}

function partOf(name: string): string {
  return join(sep, 'node_modules', name, sep);
}

function versionIn(folder: string): string {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown };
    return String(manifest.version);
  } catch {
    return 'unknown';
  }
}
