/** Number of values of the random part of a trace id, 2^56. */
const TRACE_VALUES = 0x1_00_0000_0000_0000;

/**
 * The position of a record between 0 and 1: a sample with probability `p` contains the records from `1 - p`
 * on. The position is deterministic, and the same for all records of a trace, in every program that samples
 * by the same rule.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/ (the random value R
 * is the last 56 bits of the trace id).
 *
 * @param traceId 32 hex digits, or `''`
 * @param entry the index of the record's entry in the journal
 * @param ordinal the record's position in the entry
 */
export function positionInSample(traceId: string, entry: number, ordinal: number): number {
  if (traceId !== '') return Number.parseInt(traceId.slice(18), 16) / TRACE_VALUES;
  return mixed(mixed(entry >>> 0) ^ mixed((Math.floor(entry / 2 ** 32) + ordinal) | 0x8000_0000)) / 2 ** 32;
}

/** A 32-bit mix in which every bit of the input changes half of the output. Source: MurmurHash3, fmix32. */
function mixed(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
