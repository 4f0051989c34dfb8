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
    case 'file': {
      const { path, format, rotate, fsync, mode } = config;
      return new FileSink({ path, format, rotate, fsync, mode, thread: lineThread, log });
    }
    case 'otlp': {
      const { endpoint, protocol, headers, compression, timeoutMillis, tls } = config;
      const common = { endpoint, protocol, headers, compression, timeoutMillis, log };
      if (tls === undefined) return new OtlpSink(common);
      return new OtlpSink({ ...common, tls: { ...secrets.forClient(tls), insecure: tls.insecure } });
    }
    case 'console':
      return new ConsoleSink({ format: config.format, color: config.color, log });
  }
}
