import type { OwnLog, Sink } from '../component/index.ts';
import { type LoadedConfig, type SinkConfig, sinkTypeOf } from '../config/index.ts';

/** What sinks are made with, beside their configuration. */
export interface DaemonTools {
  readonly log: OwnLog;
  readonly journalId: Uint8Array;
  readonly continues: (journal: string) => boolean;
  /** See `DaemonContext`. */
  readonly storeProgram: URL | undefined;
  readonly processorProgram?: URL | undefined;
}

/** The sink that a part of the configuration asks for. It opens nothing yet. */
export function makeSink(
  config: SinkConfig,
  { secrets, extensions }: LoadedConfig,
  tools: DaemonTools,
): Sink {
  const contents = (file: string) => secrets.contents(file);
  return sinkTypeOf(config.type, extensions).make(config, { ...tools, name: config.name, contents });
}

/**
 * Everything that a sink is made from, also the contents of its files, so that a renewed certificate is a
 * change.
 */
export function madeOf(config: SinkConfig, { secrets }: LoadedConfig): string {
  return JSON.stringify(config, (_key, value) => {
    const content = typeof value === 'string' ? secrets.contents(value) : undefined;
    return content === undefined ? value : `${value}: ${content.toString('base64')}`;
  });
}
