import type { DaemonConfig } from '../config/index.ts';

const MIB = 1_048_576;
/** Node.js, the program, its sockets, and what the garbage collector has not freed yet. */
const PROCESS_BYTES = 192 * MIB;
const RULES_BYTES = 32 * MIB;
const PRODUCER_BYTES = 512;
/** What the values of a piece of JSON take as objects: their number is bounded. */
const JSON_VALUES_BYTES = 160 * MIB;
const MIN_OTLP_IN_FLIGHT = 128 * MIB;

/**
 * The memory that a daemon needs at most by its limits, bytes: the process, what the journal keeps in memory,
 * twice what each receiver may hold (a body, and its decompressed or encoded form), and what each sink has in
 * work.
 *
 * docs/distlogd.md, "Memory", states the same formula for people.
 */
export function neededMemory({ journal, receivers, sinks, rules }: DaemonConfig): number {
  const { zmqAck, zmqPush, otlpGrpc, otlpHttp } = receivers;
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
    // One piece of one request in JSON is read at a time. A record that is all of it is a text, its copies
    // and its bytes.
    ...(otlpHttp === undefined ? [] : [JSON_VALUES_BYTES + 4 * otlpHttp.maxRequestBytes]),
    ...sinks.map(({ batchBytes }) => 16 * batchBytes + 2 * largest),
    // What conditions said of the last batches; each sink's part of what it writes.
    ...(Object.keys(rules).length === 0 ? [] : [RULES_BYTES, sinks.length * 2 * largest]),
  ]);
}

/** What waits for the journal, and what is arriving. */
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
