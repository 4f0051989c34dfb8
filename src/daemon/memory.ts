import type { DaemonConfig } from '../config/index.ts';
import { BYTES_PER_RECORD } from '../otlp/index.ts';
import { CHILD_BYTES } from '../processors/index.ts';

const MIB = 1_048_576;
/** Node.js, the program, its sockets, and garbage that has not been collected yet. */
const PROCESS_BYTES = 192 * MIB;
const RULES_BYTES = 32 * MIB;
/** The process that writes a store, or one of the two that search the first store. */
const STORE_PROCESS_BYTES = 160 * MIB;
const SEARCHING_PROCESSES = 2;
const PRODUCER_BYTES = 512;
/** Results of processors that are cached for other sinks. */
const PROCESSED_BYTES = 16 * MIB;
/** The values of a piece of JSON as objects; their number is limited. */
const JSON_VALUES_BYTES = 160 * MIB;
const MIN_OTLP_IN_FLIGHT = 128 * MIB;

/**
 * The maximum memory of a daemon according to its limits, in bytes: the process, the journal's memory, twice
 * what each receiver may hold (a body, and its decompressed or encoded form), the batches that each sink is
 * processing, and the processes of stores and processors.
 *
 * docs/distlogd.md, "Memory", documents the same formula.
 */
export function neededMemory({ journal, receivers, sinks, processors, rules }: DaemonConfig): number {
  const { zmqAck, zmqPush, otlpGrpc, otlpHttp } = receivers;
  const ruleCount = Object.keys(rules).length;
  const stores = sinks.filter(({ type }) => type === 'store').length;
  const largest = Math.max(
    zmqAck?.maxBatchBytes ?? 0,
    zmqPush?.maxMessageBytes ?? 0,
    otlpGrpc?.maxRequestBytes ?? 0,
    otlpHttp?.maxRequestBytes ?? 0,
  );
  const held = [
    ...(zmqAck === undefined ? [] : [zmqHeld(zmqAck.maxInFlightBytes, zmqAck.maxBatchBytes)]),
    ...(zmqPush === undefined ? [] : [zmqHeld(zmqPush.maxInFlightBytes, zmqPush.maxMessageBytes)]),
    ...[otlpGrpc, otlpHttp].flatMap((one) => (one === undefined ? [] : [otlpHeld(one)])),
  ];
  return sum([
    PROCESS_BYTES,
    journal.recentBytes + PRODUCER_BYTES * journal.producers.maxCount,
    ...held.map((bytes) => 2 * bytes),
    // One piece of one JSON request is parsed at a time. If a single record fills it, it exists as text, as
    // copies and as bytes.
    ...(otlpHttp === undefined ? [] : [JSON_VALUES_BYTES + 4 * otlpHttp.maxRequestBytes]),
    ...sinks.map(({ batchBytes }) => 16 * batchBytes + 2 * largest),
    // Each child process has its own memory, a batch, its result, and copies of both.
    ...Object.keys(processors).map(() => CHILD_BYTES + 4 * largest),
    ...(Object.keys(processors).length === 0 ? [] : [PROCESSED_BYTES]),
    (stores + (stores > 0 ? SEARCHING_PROCESSES : 0)) * STORE_PROCESS_BYTES,
    // Results of conditions for the recent batches and for the largest, and each sink's part of a batch.
    ...(ruleCount === 0 ? [] : [RULES_BYTES, sinks.length * 2 * largest]),
    Math.ceil((ruleCount * largest) / BYTES_PER_RECORD),
  ]);
}

/** Batches that wait for the journal, and batches that are being received. */
function zmqHeld(maxInFlightBytes: number, largestBytes: number): number {
  return maxInFlightBytes + Math.max(maxInFlightBytes, 2 * largestBytes);
}

function otlpHeld(given: {
  readonly maxRequestBytes: number;
  readonly maxInFlightBytes?: number | undefined;
}) {
  return given.maxInFlightBytes ?? Math.max(MIN_OTLP_IN_FLIGHT, 2 * given.maxRequestBytes);
}

function sum(all: readonly number[]): number {
  return all.reduce((total, bytes) => total + bytes, 0);
}
