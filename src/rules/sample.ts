/** 2^56: how many values the random part of a trace id has. */
const TRACE_VALUES = 0x1_00_0000_0000_0000;

/**
 * Where a record stands between 0 and 1: a sample of a part `p` consists of those from `1 - p` on. Always the same for
 * the same record, and for all records of a trace, in every program that samples by the same rule.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/ (the random value R is the
 * last 56 bits of the trace id).
 *
 * @param traceId 32 hex digits, or `''`
 * @param entry the index of the record's entry in the journal
 * @param ordinal its place in there
 */
export function placeInSample(traceId: string, entry: number, ordinal: number): number {
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
