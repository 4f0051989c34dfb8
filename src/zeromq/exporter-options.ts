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

/** Where records go, and how surely. */
export interface ZmqLogRecordExporterOptions {
  /** The daemon's address: `tcp://<host>:<port>` or `ipc://<path>`. */
  readonly endpoint: string;
  /**
   * `'ack'`: an export succeeds when the daemon has the batch on its disk, exactly once. `'push'`: it
   * succeeds when the records are queued; they arrive once or not at all. Default `'ack'`.
   */
  readonly mode?: 'ack' | 'push' | undefined;
  /**
   * Makes bytes of records. Ack mode takes OTLP in protobuf only; push mode also `JsonSerializer`, distlog's
   * own form, one record a message. Default: OTLP in protobuf.
   */
  readonly serializer?: LogSerializer | undefined;
  /** Ack mode: whether batches are compressed, off the main thread. Default `'none'`. */
  readonly compression?: 'none' | 'gzip' | undefined;
  /** Ack mode: how many batches may wait for their acknowledgement, 1 to 64. More exports fail. Default 8. */
  readonly windowBatches?: number | undefined;
  /** Ack mode: how many bytes may be under way; one batch always may. From 1; default 8 MiB. */
  readonly windowBytes?: number | undefined;
  /**
   * Ack mode: after so many milliseconds without any answer the daemon is asked what it has. Default 5,000.
   */
  readonly ackTimeoutMillis?: number | undefined;
  /**
   * Ack mode: when a batch that was not acknowledged counts as failed, in milliseconds. Until then the
   * exporter repeats it: do not wrap the exporter in one that retries. Default 300,000: time for a restart.
   */
  readonly exportTimeoutMillis?: number | undefined;
  /**
   * How long `forceFlush()` waits at most, in milliseconds from 0, unless its caller says `timeoutMillis`;
   * what has not left by then stays pending. Default 10,000.
   */
  readonly flushTimeoutMillis?: number | undefined;
  /** The bound of `shutdown()`, in milliseconds from 0: what has not left by then failed. Default 5,000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  /**
   * How often an idle connection is checked, in milliseconds; without an answer for three times that it
   * counts as broken. 0: never. Default 5,000.
   */
  readonly heartbeatMillis?: number | undefined;
  /** The first wait before reconnecting, in milliseconds from 1. Default 100. */
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

/** Options that only one of the modes has. */
const ofMode = {
  ack: ['compression', 'windowBatches', 'windowBytes', 'ackTimeoutMillis', 'exportTimeoutMillis'],
  push: ['system', 'maxQueueBytes'],
} as const;

/** Every option, decided. */
export type ResolvedExporterOptions = ValueOf<typeof exporterOptions>;

/** @throws RangeError or TypeError that names the option, what was expected, and the value */
export function resolveExporterOptions(given: ZmqLogRecordExporterOptions): ResolvedExporterOptions {
  const options = resolve(exporterOptions, 'ZmqLogRecordExporter', given);
  const foreign = ofMode[options.mode === 'ack' ? 'push' : 'ack'].find((name) => given[name] !== undefined);
  if (foreign === undefined) return options;
  throw new TypeError(`${foreign} has no meaning in mode '${options.mode}'`);
}

/**
 * Records carry secrets more often than their authors know: between machines they travel encrypted, unless
 * the application says that the network is private.
 */
function exposure(options: {
  readonly endpoint: string;
  readonly curve?: object | undefined;
  readonly insecure: boolean;
}): string | undefined {
  if (options.curve !== undefined || options.insecure || isOnThisMachine(options.endpoint)) return undefined;
  return (
    `${options.endpoint} is not on the loopback interface and has no CURVE keys: set curve (make keys with ` +
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
