import type { OwnLog, Sink } from '../component/index.ts';
import { type LoadedConfig, type SinkConfig, sinkTypeOf } from '../config/index.ts';

/** The dependencies of sinks, in addition to their configuration. */
export interface DaemonTools {
  readonly log: OwnLog;
  readonly journalId: Uint8Array;
  readonly continues: (journal: string) => boolean;
  /** See `DaemonContext`. */
  readonly storeProgram: URL | undefined;
  readonly processorProgram?: URL | undefined;
}

/** Creates a configured sink, without opening anything. */
export function makeSink(
  config: SinkConfig,
  { secrets, extensions }: LoadedConfig,
  tools: DaemonTools,
): Sink {
  const contents = (file: string) => secrets.contents(file);
  return sinkTypeOf(config.type, extensions).make(config, { ...tools, name: config.name, contents });
}

/**
 * Returns everything that a sink depends on, including the contents of its files, so that a renewed
 * certificate counts as a change.
 */
export function madeOf(config: SinkConfig, { secrets }: LoadedConfig): string {
  return JSON.stringify(config, (_key, value) => {
    const content = typeof value === 'string' ? secrets.contents(value) : undefined;
    return content === undefined ? value : `${value}: ${content.toString('base64')}`;
  });
}
