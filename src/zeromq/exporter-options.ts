import { type LogSerializer, OtlpProtobufSerializer } from '../distlog-json/index.ts';
import { type CurveClientKeys, checkClientKeys, checkEndpoint, checkPrivate } from '../net/index.ts';
import { CLOCK_METHODS, type Clock, type MeterProviderLike, systemClock } from '../record/index.ts';
import {
  checkKnown,
  duration,
  shown,
  trueOrFalse,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../settings/index.ts';

/** Where records go, and how surely. */
export interface ZmqLogRecordExporterOptions {
  /** The daemon's address: `tcp://<host>:<port>` or `ipc://<path>`. */
  readonly endpoint: string;
  /**
   * `'ack'`: an export succeeds when the daemon has the batch on its disk, exactly once. `'push'`: it succeeds
   * when the records are queued; they arrive once or not at all. Default `'ack'`.
   */
  readonly mode?: 'ack' | 'push' | undefined;
  /**
   * Makes bytes of records. Ack mode takes OTLP in protobuf only; push mode also `JsonSerializer`, distlog's own
   * form, one record a message. Default: OTLP in protobuf.
   */
  readonly serializer?: LogSerializer | undefined;
  /** Ack mode: whether batches are compressed, off the main thread. Default `'none'`. */
  readonly compression?: 'none' | 'gzip' | undefined;
  /** Ack mode: how many batches may wait for their acknowledgement, 1 to 64. More exports fail. Default 8. */
  readonly windowBatches?: number | undefined;
  /** Ack mode: how many bytes may be under way; one batch always may. From 1; default 8 MiB. */
  readonly windowBytes?: number | undefined;
  /** Ack mode: after so many milliseconds without any answer the daemon is asked what it has. Default 5,000. */
  readonly ackTimeoutMillis?: number | undefined;
  /**
   * Ack mode: when a batch that was not acknowledged counts as failed, in milliseconds. Until then it is sent
   * again by itself: no wrapper may retry, its batch would be a new one. Default 300,000: time for a restart.
   */
  readonly exportTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds from 0, unless its caller says `timeoutMillis`; what has
   * not left by then stays pending. Default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /** The bound of `shutdown()`, in milliseconds from 0: what has not left by then failed. Default 5,000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  /**
   * How often an idle connection is tried, in milliseconds; after three times that without an answer it counts as
   * broken. 0: never. Default 5,000.
   */
  readonly heartbeatMillis?: number | undefined;
  /** The first wait before a broken connection is made again, in milliseconds from 1. Default 100. */
  readonly reconnectMillis?: number | undefined;
  /** The longest such wait, in milliseconds from `reconnectMillis`. Default 5,000. */
  readonly reconnectMaxMillis?: number | undefined;
  /** Keys of CURVE, ZeroMQ's encryption. Needed beyond this machine. */
  readonly curve?: CurveClientKeys | undefined;
  /** Sends beyond this machine without CURVE. Default false. */
  readonly insecure?: boolean | undefined;
  /** Push mode: the first letter of the topic, distlog's test, staging or production. Default `'P'`. */
  readonly system?: 'T' | 'S' | 'P' | undefined;
  /**
   * Push mode: how many bytes may wait here. What does not fit is lost, and its export fails. Beside them
   * the socket holds up to 256 KiB and one message, and the systems hold some more. From 1; default 8 MiB.
   */
  readonly maxQueueBytes?: number | undefined;
  /** Where the `otel.sdk.exporter.log.*` metrics go. Default: nowhere. */
  readonly meterProvider?: MeterProviderLike | undefined;
  /** `otel.component.name` of the metrics. Default: `zmq_log_exporter/` and a number. */
  readonly componentName?: string | undefined;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock | undefined;
}

const MEBIBYTE = 1024 * 1024;

const defaults = {
  mode: 'ack' as 'ack' | 'push',
  serializer: new OtlpProtobufSerializer() as LogSerializer,
  compression: 'none' as 'none' | 'gzip',
  windowBatches: 8,
  windowBytes: 8 * MEBIBYTE,
  ackTimeoutMillis: 5_000,
  exportTimeoutMillis: 300_000,
  flushTimeoutMillis: 10_000,
  shutdownTimeoutMillis: 5_000,
  heartbeatMillis: 5_000,
  reconnectMillis: 100,
  reconnectMaxMillis: 5_000,
  curve: undefined as CurveClientKeys | undefined,
  insecure: false,
  system: 'P' as 'T' | 'S' | 'P',
  maxQueueBytes: 8 * MEBIBYTE,
  meterProvider: undefined as MeterProviderLike | undefined,
  componentName: undefined as string | undefined,
  clock: systemClock as Clock,
};

/** Options that only one of the modes has. */
const ofMode = {
  ack: ['compression', 'windowBatches', 'windowBytes', 'ackTimeoutMillis', 'exportTimeoutMillis'],
  push: ['system', 'maxQueueBytes'],
} as const;

/** Every option, decided. */
export type ResolvedExporterOptions = typeof defaults & { readonly endpoint: string };

const WHERE = 'ZmqLogRecordExporter';

/** @throws RangeError or TypeError that names the option, what was expected, and the value */
export function resolveExporterOptions(given: ZmqLogRecordExporterOptions): ResolvedExporterOptions {
  checkKnown(WHERE, given, ['endpoint', ...Object.keys(defaults)]);
  const { endpoint, ...rest } = given;
  checkEndpoint('endpoint', endpoint);
  const options = withDefaults<typeof defaults>(defaults, rest);
  oneOf('mode', options.mode, ['ack', 'push']);
  oneOf('compression', options.compression, ['none', 'gzip']);
  oneOf('system', options.system, ['T', 'S', 'P']);
  const foreign = ofMode[options.mode === 'ack' ? 'push' : 'ack'].find((name) => given[name] !== undefined);
  if (foreign !== undefined) throw new TypeError(`${foreign} has no meaning in mode '${options.mode}'`);
  wholeNumber('windowBatches', options.windowBatches, 1, 64);
  wholeNumber('windowBytes', options.windowBytes, 1);
  duration('ackTimeoutMillis', options.ackTimeoutMillis, 1);
  duration('exportTimeoutMillis', options.exportTimeoutMillis, 1);
  duration('flushTimeoutMillis', options.flushTimeoutMillis);
  duration('shutdownTimeoutMillis', options.shutdownTimeoutMillis);
  wholeNumber('heartbeatMillis', options.heartbeatMillis, 0, 600_000);
  wholeNumber('reconnectMillis', options.reconnectMillis, 1, 600_000);
  wholeNumber('reconnectMaxMillis', options.reconnectMaxMillis, options.reconnectMillis, 3_600_000);
  trueOrFalse('insecure', options.insecure);
  checkClientKeys(options.curve);
  checkPrivate('endpoint', endpoint, options);
  wholeNumber('maxQueueBytes', options.maxQueueBytes, 1);
  if (options.meterProvider !== undefined) withMethods('meterProvider', options.meterProvider, ['getMeter']);
  if (options.componentName !== undefined && typeof options.componentName !== 'string') {
    throw new TypeError(`componentName must be a string, got ${shown(options.componentName)}`);
  }
  withMethods('clock', options.clock, CLOCK_METHODS);
  checkSerializer(options.serializer, options.mode);
  return { endpoint, ...options };
}

function oneOf(name: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  throw new TypeError(
    `${name} must be ${known.map((word) => `'${word}'`).join(' or ')}, got ${shown(value)}`,
  );
}

function checkSerializer(given: LogSerializer, mode: 'ack' | 'push'): void {
  const serializer = withMethods<LogSerializer>('serializer', given, ['serialize']);
  const { encoding } = serializer;
  oneOf('serializer.encoding', encoding, ['J', 'O']);
  if (mode === 'push' || encoding === 'O') return;
  throw new TypeError(`serializer.encoding must be "O" (OTLP) in mode 'ack', got ${shown(encoding)}`);
}
