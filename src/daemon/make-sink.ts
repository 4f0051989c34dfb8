import type { OwnLog, Sink } from '../component/index.ts';
import type { SinkConfig } from '../config/index.ts';
import { ConsoleSink } from '../sinks/console/index.ts';
import { FileSink } from '../sinks/file/index.ts';
import { OtlpSink } from '../sinks/otlp/index.ts';
import type { LoadedConfig } from './loaded-config.ts';

/** What sinks are made with, beside their configuration. */
export interface SinkTools {
  readonly log: OwnLog;
  /** See `DaemonContext`. */
  readonly lineThread: URL | undefined;
}

/** The sink that a part of the configuration asks for. It opens nothing yet. */
export function makeSink(
  config: SinkConfig,
  { secrets }: LoadedConfig,
  { log, lineThread }: SinkTools,
): Sink {
  switch (config.type) {
    case 'file':
      return new FileSink(config, { log, thread: lineThread });
    case 'otlp':
      return new OtlpSink(config, { log, tls: config.tls && secrets.forClient(config.tls) });
    case 'console':
      return new ConsoleSink(config, { log });
  }
}
