import type { ListenAddress } from '../net/index.ts';
import type { SeverityName } from '../record/index.ts';

/** A configuration as the daemon's parts take it: checked, complete; sizes are bytes, durations milliseconds. */
export interface DaemonConfig {
  /** The data directory, an absolute path. */
  readonly data: string;
  readonly receivers: ReceiversConfig;
  readonly journal: JournalConfig;
  readonly sinks: readonly SinkConfig[];
  /** Health, metrics and status; undefined: off. */
  readonly http?: HttpConfig | undefined;
  readonly shutdown: ShutdownConfig;
  readonly ownRecords: OwnRecordsConfig;
}

/** Only what the file names is there. */
export interface ReceiversConfig {
  readonly zmqAck?: ZmqAckConfig | undefined;
  readonly zmqPush?: ZmqPushConfig | undefined;
  readonly otlpGrpc?: OtlpReceiverConfig | undefined;
  readonly otlpHttp?: OtlpReceiverConfig | undefined;
}

export interface ZmqAckConfig {
  readonly endpoint: string;
  readonly maxBatchBytes: number;
  readonly curve?: CurveConfig | undefined;
  readonly insecure: boolean;
}

export interface ZmqPushConfig {
  readonly endpoint: string;
  readonly maxMessageBytes: number;
  readonly pickle: boolean;
  readonly curve?: CurveConfig | undefined;
  readonly insecure: boolean;
}

/** Exactly one of each pair is there. `loadSecrets` gives both as they are needed. */
export interface CurveConfig {
  readonly secretKey?: string | undefined;
  readonly secretKeyFile?: string | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly allowFile?: string | undefined;
}

export interface OtlpReceiverConfig {
  readonly endpoint: ListenAddress;
  readonly maxRequestBytes: number;
  readonly tls?: ServerTlsConfig | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly insecure: boolean;
}

export interface ServerTlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
}

export interface JournalConfig {
  readonly segmentBytes: number;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
  readonly sync: 'always' | 'never';
  readonly producers: { readonly maxCount: number; readonly maxAgeMillis: number };
}

export type SinkConfig = FileSinkConfig | OtlpSinkConfig | ConsoleSinkConfig;

/** What every sink has. */
export interface SinkCommonConfig {
  readonly name: string;
  readonly maxBehind: { readonly bytes: number; readonly ageMillis: number };
  readonly onFull: 'block' | 'skip';
  readonly retry: { readonly initialMillis: number; readonly maxMillis: number };
  readonly deadLetters: { readonly maxBytes: number };
}

export interface FileSinkConfig extends SinkCommonConfig {
  readonly type: 'file';
  readonly path: string;
  readonly format: 'otlpJson' | 'text';
  readonly rotate: {
    /** 0: not by size. */
    readonly maxBytes: number;
    /** 0: not by age. */
    readonly maxAgeMillis: number;
    readonly keep: number;
    readonly gzip: boolean;
  };
  readonly fsync: 'always' | 'never';
}

export interface OtlpSinkConfig extends SinkCommonConfig {
  readonly type: 'otlp';
  /** `http://` or `https://`, without a slash at the end. */
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly tls?: ClientTlsConfig | undefined;
}

export interface ClientTlsConfig {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The server's certificate is not checked. */
  readonly insecure: boolean;
}

export interface ConsoleSinkConfig extends SinkCommonConfig {
  readonly type: 'console';
  readonly format: 'flat' | 'tree';
  readonly color: 'auto' | 'always' | 'never';
}

export interface HttpConfig {
  readonly endpoint: ListenAddress;
  readonly tls?: ServerTlsConfig | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly insecure: boolean;
}

export interface ShutdownConfig {
  readonly drainMillis: number;
}

export interface OwnRecordsConfig {
  readonly severity: SeverityName;
  readonly console: boolean;
}
