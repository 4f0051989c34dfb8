import { resolve } from 'node:path';
import { dataLayout } from '../disk/index.ts';
import type { DaemonConfig, FileValues, Partly } from './daemon-config.ts';
import type { Extensions } from './extensions.ts';
import { sinkTypeOf } from './sink-types.ts';

type PartlySink = Partly<DaemonConfig['sinks'][number]>;

/**
 * Sets what depends on other options: absolute paths, and defaults derived from other values.
 * @param directory the directory of the file
 * @param data a data directory that overrides the one in the file
 */
export function complete(
  values: Partly<FileValues>,
  {
    directory,
    data,
    extensions,
  }: { readonly directory: string; readonly data: string | undefined; readonly extensions: Extensions },
): Partly<DaemonConfig> & { readonly data: string } {
  const root = resolve(directory, data ?? values.data ?? '.distlogd');
  const { logs } = dataLayout(root);
  const journalBytes = values.journal?.maxBytes;
  const half = journalBytes === undefined ? undefined : Math.floor(journalBytes / 2);
  const sinks = Object.entries(values.sinks ?? {}).map(([name, sink]): PartlySink => {
    const maxBehind = { ...sink?.maxBehind, bytes: sink?.maxBehind?.bytes ?? half };
    const named = { ...sink, name, maxBehind } as PartlySink;
    if (named.type === undefined) return named;
    return { ...named, ...sinkTypeOf(named.type, extensions).complete?.(named, { name, data: root, logs }) };
  });
  const http = values.http === false ? undefined : values.http;
  return { ...values, data: root, sinks, http };
}
