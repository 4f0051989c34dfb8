import { type LogSerializer, OtlpProtobufSerializer } from '../distlog-json/index.ts';
import { type CurveClientKeys, isOnThisMachine, parseCurveKey, parseZmqEndpoint } from '../net/index.ts';
import { CLOCK_METHODS, type Clock, type MeterProviderLike, systemClock } from '../record/index.ts';
import {
  atLeast,
  bytes,
  choice,
  count,
  flag,
  group,
  methods,
  millis,
  parsed,
  resolve,
  shown,
  text,
  type ValueOf,
} from '../settings/index.ts';

/** Options of {@link ZmqLogRecordExporter}. */
export interface ZmqLogRecordExporterOptions {
  /** The daemon's address: `tcp://<host>:<port>` or `ipc://<path>`. */
  readonly endpoint: string;
  /**
   * `'ack'`: an export succeeds when the daemon has the batch on disk, exactly once. `'push'`: it succeeds
   * when the records are queued; they are delivered at most once. Default `'ack'`.
   */
  readonly mode?: 'ack' | 'push' | undefined;
  /**
   * Serializes records. Ack mode accepts OTLP in protobuf only; push mode also `JsonSerializer`, the format
   * of Python distlog, one record per message. Default: OTLP in protobuf.
   */
  readonly serializer?: LogSerializer | undefined;
  /** Ack mode: whether batches are compressed, off the main thread. Default `'none'`. */
  readonly compression?: 'none' | 'gzip' | undefined;
  /** Ack mode: how many batches may await acknowledgement, 1 to 64. Further exports fail. Default 8. */
  readonly windowBatches?: number | undefined;
  /** Ack mode: the maximum number of bytes in flight; one batch is always allowed. From 1; default 8 MiB. */
  readonly windowBytes?: number | undefined;
  /**
   * Ack mode: after this many milliseconds without a reply the exporter asks the daemon what it has. Default
   * 5,000.
   */
  readonly ackTimeoutMillis?: number | undefined;
  /**
   * Ack mode: when an unacknowledged batch counts as failed, in milliseconds. The exporter resends it until
   * then: do not wrap the exporter in a retrying one. Default 300,000: enough for a restart of the daemon.
   */
  readonly exportTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds from 0, unless the caller passes `timeoutMillis`.
   * Records that were not sent by then stay pending. Default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /**
   * How long `shutdown()` waits at most, in milliseconds from 0. Records not sent by then fail. Default
   * 5,000.
   */
  readonly shutdownTimeoutMillis?: number | undefined;
  /**
   * How often an idle connection is checked, in milliseconds. After three intervals without an answer it
   * counts as lost. 0: never. Default 5,000.
   */
  readonly heartbeatMillis?: number | undefined;
  /** The delay before the first reconnection attempt, in milliseconds from 1. Default 100. */
  readonly reconnectMillis?: number | undefined;
  /** The longest reconnection delay, in milliseconds from `reconnectMillis`. Default 5,000. */
  readonly reconnectMaxMillis?: number | undefined;
  /** Keys for CURVE, ZeroMQ's encryption. Required if the daemon is on another machine. */
  readonly curve?: CurveClientKeys | undefined;
  /** Allows sending to other machines without CURVE. Default false. */
  readonly insecure?: boolean | undefined;
  /**
   * Push mode: the first letter of the topic: test, staging or production in Python distlog. Default `'P'`.
   */
  readonly system?: 'T' | 'S' | 'P' | undefined;
  /**
   * Push mode: the maximum size of the queue in bytes. Records that do not fit are lost, and their export
   * fails. In addition the socket buffers up to 256 KiB and one message, and the operating systems buffer
   * some more. From 1; default 8 MiB.
   */
  readonly maxQueueBytes?: number | undefined;
  /** Receives the `otel.sdk.exporter.log.*` metrics. Default: none. */
  readonly meterProvider?: MeterProviderLike | undefined;
  /** `otel.component.name` of the metrics. Default: `zmq_log_exporter/` and a number. */
  readonly componentName?: string | undefined;
  /** The clock, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

const MIB = 1024 * 1024;

const curveKey = parsed({
  isSecret: true,
  expected: 'a CURVE key, 40 characters of Z85',
  parse: parseCurveKey,
});

/** The bounds and defaults of {@link ZmqLogRecordExporterOptions}. */
export const exporterOptions = group(
  {
    endpoint: parsed({
      expected: 'tcp://<host>:<port> or ipc://<path> (103 bytes at most), such as tcp://127.0.0.1:5010',
      parse: parseZmqEndpoint,
    }),
    mode: choice(['ack', 'push'], { default: 'ack' }),
    serializer: methods<LogSerializer>()(['serialize'], { default: new OtlpProtobufSerializer() }),
    compression: choice(['none', 'gzip'], { default: 'none' }),
    windowBatches: count({ min: 1, max: 64, default: 8 }),
    windowBytes: bytes({ min: 1, default: 8 * MIB }),
    ackTimeoutMillis: millis({ min: 1, default: 5_000 }),
    exportTimeoutMillis: millis({ min: 1, default: 300_000 }),
    flushTimeoutMillis: millis({ min: 0, default: 10_000 }),
    shutdownTimeoutMillis: millis({ min: 0, default: 5_000 }),
    heartbeatMillis: count({ min: 0, max: 600_000, default: 5_000 }),
    reconnectMillis: count({ min: 1, max: 600_000, default: 100 }),
    reconnectMaxMillis: count({ min: 1, max: 3_600_000, default: 5_000 }),
    curve: group({ serverKey: curveKey, publicKey: curveKey, secretKey: curveKey }, { absent: 'off' }),
    insecure: flag({ default: false }),
    system: choice(['T', 'S', 'P'], { default: 'P' }),
    maxQueueBytes: bytes({ min: 1, default: 8 * MIB }),
    meterProvider: methods<MeterProviderLike>()(['getMeter'], { absent: 'nowhere' }),
    componentName: text({ expected: 'a string', pattern: /^/, absent: '`zmq_log_exporter/` and a number' }),
    clock: methods<Clock>()(CLOCK_METHODS, { default: systemClock }),
  },
  {
    checks: [
      atLeast('count', 'reconnectMaxMillis', 'reconnectMillis'),
      { at: 'endpoint', problem: exposure },
      { at: 'serializer.encoding', problem: encodingProblem },
    ],
  },
);

/** Options that exist in one mode only. */
const ofMode = {
  ack: ['compression', 'windowBatches', 'windowBytes', 'ackTimeoutMillis', 'exportTimeoutMillis'],
  push: ['system', 'maxQueueBytes'],
} as const;

/** All options with defaults applied. */
export type ResolvedExporterOptions = ValueOf<typeof exporterOptions>;

/** @throws RangeError or TypeError that names the option, what was expected, and the value */
export function resolveExporterOptions(given: ZmqLogRecordExporterOptions): ResolvedExporterOptions {
  const options = resolve(exporterOptions, 'ZmqLogRecordExporter', given);
  const foreign = ofMode[options.mode === 'ack' ? 'push' : 'ack'].find((name) => given[name] !== undefined);
  if (foreign === undefined) return options;
  throw new TypeError(`${foreign} does not apply in mode '${options.mode}'`);
}

/**
 * Records contain secrets more often than their authors know, so they are encrypted between machines unless
 * the application declares the network as private.
 */
function exposure(options: {
  readonly endpoint: string;
  readonly curve?: object | undefined;
  readonly insecure: boolean;
}): string | undefined {
  if (options.curve !== undefined || options.insecure || isOnThisMachine(options.endpoint)) return undefined;
  return (
    `${options.endpoint} is not on the loopback interface and has no CURVE keys: set curve (create keys with ` +
    '`distlogd keygen`), or insecure: true if the network itself is private'
  );
}

function encodingProblem({
  serializer,
  mode,
}: {
  readonly serializer: LogSerializer;
  readonly mode: string;
}) {
  const { encoding } = serializer;
  if (encoding === 'O' || (encoding === 'J' && mode === 'push')) return undefined;
  const expected = mode === 'ack' ? '"O" (OTLP) in mode \'ack\'' : '"J" or "O"';
  return `must be ${expected}, got ${shown(encoding)}`;
}
