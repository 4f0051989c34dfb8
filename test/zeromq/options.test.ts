import type { Intake, Receiver, ReceiverCounters } from '../../src/component/contract.ts';
import { newCurveKeyPair } from '../../src/net/index.ts';
import {
  ZmqAckReceiver,
  ZmqPushReceiver,
  zmqAckOptions,
  zmqPushOptions,
} from '../../src/receivers/zeromq/index.ts';
import type { LogRecordExporterLike } from '../../src/record/index.ts';
import { resolve } from '../../src/settings/index.ts';
import type { ZmqLogRecordExporterOptions } from '../../src/zeromq/index.ts';
import { ZmqLogRecordExporter } from '../../src/zeromq/index.ts';
import { lines } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

const keys = newCurveKeyPair();
const curve = { serverKey: keys.publicKey, ...keys };

test.each<[Partial<Record<keyof ZmqLogRecordExporterOptions | 'typo', unknown>>, string]>([
  [{ typo: 1 }, 'ZmqLogRecordExporter has no option "typo"'],
  [{ endpoint: undefined }, 'endpoint must be tcp://<host>:<port> or ipc://<path>'],
  [{ endpoint: 'http://localhost' }, 'got "http://localhost"'],
  [{ endpoint: 'tcp://127.0.0.1' }, 'got "tcp://127.0.0.1"'],
  [{ mode: 'pull' }, 'mode must be "ack" or "push", got "pull"'],
  [{ compression: 'zstd' }, 'compression must be "none" or "gzip", got "zstd"'],
  [{ windowBatches: 0 }, 'windowBatches must be a whole number from 1 to 64, got 0'],
  [{ windowBytes: 0 }, 'windowBytes must be a whole number from 1, got 0'],
  [{ ackTimeoutMillis: 0 }, 'ackTimeoutMillis must be a number of milliseconds from 1, got 0'],
  [{ exportTimeoutMillis: -1 }, 'exportTimeoutMillis must be a number of milliseconds from 1, got -1'],
  [{ shutdownTimeoutMillis: '1' }, 'shutdownTimeoutMillis must be a number of milliseconds from 0, got "1"'],
  [{ heartbeatMillis: -1 }, 'heartbeatMillis must be a whole number from 0 to 600000, got -1'],
  [{ reconnectMillis: 0 }, 'reconnectMillis must be a whole number from 1 to 600000, got 0'],
  [
    { reconnectMillis: 200, reconnectMaxMillis: 100 },
    'reconnectMaxMillis must be at least reconnectMillis (200), got 100',
  ],
  [{ system: 'P' }, "system does not apply in mode 'ack'"],
  [{ mode: 'push', compression: 'gzip' }, "compression does not apply in mode 'push'"],
  [{ mode: 'push', system: 'X' }, 'system must be "T", "S" or "P", got "X"'],
  [{ mode: 'push', maxQueueBytes: 0 }, 'maxQueueBytes must be a whole number from 1, got 0'],
  [{ serializer: {} }, 'serializer must be an object with serialize()'],
  [
    { mode: 'push', serializer: { ...lines, encoding: 'json' } },
    'serializer.encoding must be "J" or "O", got "json"',
  ],
  [{ serializer: { ...lines, encoding: 'J' } }, `serializer.encoding must be "O" (OTLP) in mode 'ack'`],
  [
    { curve: { ...curve, serverKey: 'short' } },
    'curve.serverKey must be a CURVE key, 40 characters of Z85, got a string of 5 characters (not shown)',
  ],
  [{ curve: { serverKey: keys.publicKey } }, 'curve.publicKey must be a CURVE key'],
  [
    { endpoint: 'tcp://10.0.0.1:5011', insecure: false },
    'endpoint tcp://10.0.0.1:5011 is not on the loopback interface',
  ],
  [{ meterProvider: {} }, 'meterProvider must be an object with getMeter()'],
  [{ componentName: 7 }, 'componentName must be a string, got 7'],
  [{ clock: {} }, 'clock must be an object with now(), monotonicNow(), after()'],
])('the exporter refuses %j', (options, message) => {
  const given = { endpoint: 'tcp://127.0.0.1:5011', ...options } as ZmqLogRecordExporterOptions;
  expect(() => new ZmqLogRecordExporter(given)).toThrow(message);
});

test('an option that is undefined counts as not given', async () => {
  const exporter = new ZmqLogRecordExporter({
    endpoint: 'tcp://127.0.0.1:5011',
    mode: undefined,
    compression: undefined,
    windowBatches: undefined,
    curve: undefined,
    componentName: undefined,
  });
  await exporter.shutdown();
});

test('an invalid key is not shown, because it may be a secret key', () => {
  const secret = `${keys.secretKey}x`;
  const make = () =>
    new ZmqLogRecordExporter({ endpoint: 'tcp://127.0.0.1:5011', curve: { ...curve, secretKey: secret } });
  expect(make).toThrow('string of 41 characters');
  expect(make).not.toThrow(keys.secretKey);
});

const intake = new MemoryIntake();

test("the receivers listen on distlog's ports unless configured otherwise", () => {
  const [ack, push] = [resolve(zmqAckOptions, 'zmqAck', {}), resolve(zmqPushOptions, 'zmqPush', {})];
  expect(new ZmqAckReceiver(ack, { intake }).endpoint).toBe('tcp://127.0.0.1:5011');
  expect(new ZmqPushReceiver(push, { intake }).endpoint).toBe('tcp://127.0.0.1:5010');
  const mib = 2 ** 20;
  expect(ack).toMatchObject({
    maxBatchBytes: 64 * mib,
    maxInFlightBytes: 64 * mib,
    maxInFlightBatches: 1_024,
  });
  expect(push).toMatchObject({ maxMessageBytes: 4 * mib, maxInFlightBytes: 64 * mib, pickle: false });
});

/** The fields of a group of options whose value is not a group. */
const namesOf = (fields: object, isInternal: boolean) =>
  Object.entries(fields as Record<string, { readonly isInternal?: boolean }>)
    .filter(([, field]) => (field.isInternal === true) === isInternal)
    .map(([name]) => name);

test('a configuration of the daemon contains sizes and keys, but no options for tests', () => {
  expect(namesOf(zmqAckOptions.fields, false)).toEqual(['endpoint', 'curve', 'insecure', 'maxBatchBytes']);
  expect(namesOf(zmqPushOptions.fields, false)).toEqual([
    ...['endpoint', 'curve', 'insecure', 'maxMessageBytes', 'pickle'],
  ]);
});

test.each<['ack' | 'push', object, string]>([
  ['ack', { maxBatchBytes: 65_535 }, 'maxBatchBytes must be a whole number from 65536 to 1073741824'],
  ['ack', { maxBatchBytes: 2 ** 30 + 1 }, 'maxBatchBytes must be a whole number'],
  ['ack', { maxInFlightBytes: 1_023 }, 'maxInFlightBytes must be a whole number from 1024'],
  ['ack', { credit: 1_001 }, 'credit must be a whole number from 1 to 1000'],
  ['push', { maxMessageBytes: 1_023 }, 'maxMessageBytes must be a whole number from 1024 to 1073741824'],
  ['push', { maxMessageBytes: 2 ** 30 + 1 }, 'maxMessageBytes must be a whole number'],
  ['push', { groupRecords: 0 }, 'groupRecords must be a whole number from 1'],
])('a receiver of mode %s refuses %j', (mode, value, message) => {
  const options = mode === 'ack' ? zmqAckOptions : (zmqPushOptions as unknown as typeof zmqAckOptions);
  expect(() => resolve(options, 'zmq', value)).toThrow(message);
});

test("defaults of the receivers' internal options", () => {
  expect(resolve(zmqAckOptions, 'zmqAck', {})).toMatchObject({ maxConnections: 4_096, credit: 8 });
  expect(resolve(zmqPushOptions, 'zmqPush', {})).toMatchObject({
    ...{ maxConnections: 4_096, groupRecords: 500, groupMillis: 5, insecure: false },
  });
});

test("the receivers fit the daemon's contract, and the exporter both lines of the SDK", async () => {
  const contractIntake: Intake = intake;
  const free = { endpoint: 'tcp://127.0.0.1:0' };
  const receivers: (Receiver & { readonly counters: ReceiverCounters })[] = [
    new ZmqAckReceiver(resolve(zmqAckOptions, 'zmqAck', free), { intake: contractIntake }),
    new ZmqPushReceiver(resolve(zmqPushOptions, 'zmqPush', free), { intake: contractIntake }),
  ];
  for (const receiver of receivers) {
    await receiver.start();
    expect(receiver.endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    await receiver.stop(0);
  }
  const exporter: LogRecordExporterLike = new ZmqLogRecordExporter({ endpoint: 'tcp://127.0.0.1:5011' });
  await exporter.shutdown();
});
