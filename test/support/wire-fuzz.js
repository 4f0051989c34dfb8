// Feeds the readers of src/otlp and src/distlog-json with bytes that were cut, changed or made up. Used by a test and by
// scripts/fuzz-wire.js.
import { Buffer } from 'node:buffer';

/**
 * @typedef {Record<'scanLogs' | 'decodeLogs' | 'encodeDecoded' | 'decodeJsonLogs' | 'logGroups' | 'requestPieces'
 *   | 'decodeDistlog' | 'decodePickle', (...args: any[]) => any>
 *   & { JsonLines: new () => { lines(groups: Iterable<any>): Iterable<string> } }} Wire
 */

/** An input may take so long, milliseconds: all are below 4 KiB. */
const MOST_MILLIS = 2_000;
const MAX_BYTES = 4_096;

/** A record of distlog's. */
export const record = {
  name: 'a.b',
  levelno: 40,
  message: 'line\\nline',
  created: 1.5e9,
  process: 7,
  hostname: 'h',
  exc_text: 'Traceback\\n  File\\nA: b',
  context: { key: '3@2f1c0c8e-5c58-4b0e-9d0e-0123456789ab/1/2', a: [1, { b: null }] },
  time_unix_nano: '1500000000000000001',
  attributes: { i: { intValue: '5' }, d: { doubleValue: 'NaN' }, b: { bytesValue: 'AQ==' } },
};
/** A request of OTLP/JSON with what is easily read wrong. */
export const otlp = {
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'k', value: { stringValue: 'v' } }] },
      scopeLogs: [
        {
          scope: { name: 's' },
          logRecords: [
            {
              timeUnixNano: '1700000000000000001',
              severityNumber: 9,
              body: {
                kvlistValue: { values: [{ key: 'a', value: { arrayValue: { values: [{ intValue: 1 }] } } }] },
              },
              traceId: '0af7651916cd43dd8448eb211c80319c',
              attributes: [
                { key: 'd', value: { doubleValue: 'NaN' } },
                { key: 'b', value: { bytesValue: 'AQ==' } },
              ],
            },
          ],
        },
      ],
    },
  ],
};
export const pickles = [
  '80055d9428284b018a0200ff47400400000000000088894e8c03c3bc6194659443020001947d948c01619468028f94284b0190659165612e',
  '286470300a566e6f6e650a70310a4e73567965730a70320a4930310a7353276127 0a70330a46312e350a7367310a732e'.replace(
    ' ',
    '',
  ),
  '7d7100285801000000617101680065752e',
  '80025d710028680063 6f730a73797374656d0a712865522e'.replace(' ', ''),
].map((hex) => Buffer.from(hex, 'hex'));

/** Numbers from 0 to 2^32 - 1, the same for the same seed (xorshift). @param {number} seed */
export function randomNumbers(seed) {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/**
 * @param {Wire} wire
 * @param {number} count how many inputs
 * @param {number} seed
 * @returns {{ inputs: number, accepted: number, slowestMillis: number }}
 * @throws at the first input that brings anything but a WireError, with the input in hex
 */
export function fuzzWire(wire, count, seed) {
  const next = randomNumbers(seed);
  const small = wire.encodeDecoded(wire.decodeJsonLogs(JSON.stringify(otlp)));
  // Requests one after the other are one: long enough that the decoder remembers texts.
  const requests = [small, small, new Uint8Array(Buffer.concat(new Array(20).fill(small)))];
  const texts = [JSON.stringify(otlp), JSON.stringify(record), JSON.stringify([record, record])].map((text) =>
    Buffer.from(text),
  );
  const topics = ['PLJ', 'TPJ', 'PLP', 'SLO', 'XXX'].map((letters) => Buffer.from(letters));
  const all = [...requests, ...texts, ...pickles];
  let accepted = 0;
  let slowestMillis = 0;
  for (let index = 0; index < count; index += 1) {
    const kind = next() % 6;
    const seeds = kind < 2 ? requests : kind === 2 ? texts.slice(0, 1) : kind === 3 ? pickles : all;
    const input = changed(/** @type {Uint8Array} */ (seeds[next() % seeds.length]), next);
    const from = performance.now();
    try {
      if (kind < 2) readRequest(wire, input);
      else if (kind === 2) wire.scanLogs(wire.encodeDecoded(wire.decodeJsonLogs(input)));
      else if (kind === 3) wire.decodePickle(input);
      else {
        const logs = wire.decodeDistlog(topics[next() % topics.length], input, { pickle: true });
        wire.scanLogs(wire.encodeDecoded(logs));
      }
      accepted += 1;
    } catch (error) {
      if (/** @type {{ malformed?: unknown }} */ (error)?.malformed !== true) {
        throw new Error(
          `input ${index} of seed ${seed}, kind ${kind}: ${Buffer.from(input).toString('hex')}`,
          {
            cause: error,
          },
        );
      }
    }
    const millis = performance.now() - from;
    if (millis > slowestMillis) slowestMillis = millis;
    if (millis > MOST_MILLIS) {
      throw new Error(
        `input ${index} of seed ${seed} took ${millis} ms: ${Buffer.from(input).toString('hex')}`,
      );
    }
  }
  return { inputs: count, accepted, slowestMillis };
}

/** What the scan accepts, the decoder must, and the other way round. @param {Wire} wire @param {Uint8Array} input */
function readRequest(wire, input) {
  let refusal;
  try {
    wire.scanLogs(input);
  } catch (error) {
    refusal = error;
  }
  let logs;
  try {
    logs = wire.decodeLogs(input);
  } catch (error) {
    if (refusal === undefined) throw new Error('the scan accepts what the decoder refuses', { cause: error });
    throw error;
  }
  if (refusal !== undefined) throw new Error('the decoder accepts what the scan refuses', { cause: refusal });
  wire.scanLogs(wire.encodeDecoded(logs));
  const records = wire.decodeLogs(
    Buffer.concat([...wire.requestPieces(input, 0, 64)].map(({ body }) => body)),
  );
  if (count(records) !== count(logs)) throw new Error('cut into pieces it has other records');
  for (const line of new wire.JsonLines().lines(wire.logGroups(input))) line.length;
}

/** @param {{ resources: { scopes: { records: unknown[] }[] }[] }} logs */
function count({ resources }) {
  return resources.flatMap(({ scopes }) => scopes.flatMap(({ records }) => records)).length;
}

/** Some bytes cut, changed, doubled, or others altogether. @param {Uint8Array} seed @param {() => number} next */
export function changed(seed, next) {
  const how = next() % 8;
  if (how === 0) return Uint8Array.from({ length: next() % 64 }, () => next() & 0xff);
  let bytes = Uint8Array.from(seed);
  if (how === 1) return bytes.subarray(0, next() % (bytes.length + 1));
  for (let times = 1 + (next() % 3); times > 0; times -= 1) {
    const at = next() % bytes.length;
    const what = next() % 4;
    if (what === 0) bytes[at] = next() & 0xff;
    else if (what === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << (next() & 7));
    else {
      const from = next() % bytes.length;
      const piece = bytes.slice(from, from + (next() % 24));
      // A piece of it a second time, in place of another or between.
      const rest = bytes.subarray(what === 2 ? at : at + piece.length);
      bytes = Uint8Array.from(Buffer.concat([bytes.subarray(0, at), piece, rest]));
      if (bytes.length === 0 || bytes.length > MAX_BYTES) return bytes.subarray(0, MAX_BYTES);
    }
  }
  return bytes;
}
