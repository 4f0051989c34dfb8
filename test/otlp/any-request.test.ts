import {
  attributeOf,
  type CostlyField,
  decodeJsonLogs,
  decodeLogs,
  encodeDecoded,
  keepRecords,
  recordRuns,
  reducedRecords,
  requestPieces,
  runRequest,
  scanLogs,
  WireError,
} from '../../src/otlp/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { flat, flatLogs } from './amplifying.ts';
import { AnyRequest, plainly } from './any-request.ts';
import { jsonLine } from './records.ts';

const made: Buffer[] = [];

/**
 * Random requests, each with the seed that reproduces it. They are generated once, which takes as long as
 * reading them.
 */
function* requests(count: number): Generator<readonly [bytes: Buffer, seed: number]> {
  for (let seed = 0; seed < count; seed += 1) {
    made[seed] ??= new AnyRequest(seed).request();
    yield [Buffer.from(made[seed]), seed];
  }
}

function expectSame(seed: number, found: unknown, expected: unknown): void {
  expectEqual({ seed, found }, { seed, found: expected });
}

function attempt<T>(read: () => T): T | WireError {
  try {
    return read();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}

test('any request is read and counted in the same way as by the simplest reader', () => {
  for (const [bytes, seed] of requests(1_000)) {
    const expected = plainly(bytes);
    expectSame(seed, decodeLogs(bytes), expected);
    expectSame(seed, scanLogs(bytes).records, flatLogs([expected]).length);
  }
});

test('a request with a damaged byte is refused by scan and decoder alike, or read by both as it now is', () => {
  const counts = { taken: 0, refused: 0 };
  for (const [bytes, seed] of requests(1_000)) {
    if (bytes.length === 0) continue;
    bytes[(seed * 7_919) % bytes.length]! ^= 1 << (seed % 8);
    const records = attempt(() => scanLogs(bytes).records);
    const logs = attempt(() => decodeLogs(bytes));
    if (records instanceof WireError || logs instanceof WireError) {
      expectSame(
        seed,
        logs instanceof WireError && logs.cause,
        records instanceof WireError && records.cause,
      );
      counts.refused += 1;
      continue;
    }
    expectSame(seed, logs, plainly(bytes));
    expectSame(seed, records, flatLogs([logs]).length);
    counts.taken += 1;
  }
  expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(50);
});

test('any request means the same after it was decoded and encoded, in protobuf and in JSON', () => {
  for (const [bytes, seed] of requests(500)) {
    const logs = decodeLogs(bytes);
    expectSame(seed, decodeLogs(encodeDecoded(logs)), logs);
    const lines = jsonLine(bytes).split('\n').slice(0, -1);
    expectSame(seed, flatLogs(lines.map((line) => decodeJsonLogs(line))), flatLogs([logs]));
  }
});

test('any request that is cut, kept in part or reduced has the same records', () => {
  for (const [bytes, seed] of requests(500)) {
    const expected = flat([bytes]);
    const pieces = [...requestPieces(bytes, expected.length, 1 + (seed % 300))];
    expectSame(seed, flat(pieces.map(({ body }) => body)), expected);
    const runs = [...recordRuns(bytes, 1 + (seed % 4), 1 + (seed % 500))];
    expectSame(seed, flat(runs.map(({ head, records }) => runRequest(head, [records]))), expected);
    const isKept = (ordinal: number) => (ordinal * 7 + seed) % 3 !== 0;
    const kept = keepRecords(bytes, isKept);
    expectSame(
      seed,
      flat([kept.body]),
      expected.filter((_, at) => isKept(at)),
    );
  }
});

test('a search in the encoded bytes never misses a record that it would find by decoding', () => {
  const keys = ['a', 'b', '', 'ä'].map((key) => Buffer.from(key));
  const fields = new Set<CostlyField>(['body', 'attributes']);
  for (const [bytes, seed] of requests(500)) {
    const key = keys[seed % keys.length]!;
    const fits = (value: unknown) => typeof value === 'string';
    const required = [{ key, fits }, ...(seed % 3 === 0 ? [{ key: undefined, fits }] : [])];
    for (const { head, records } of recordRuns(bytes, 100, 100_000)) {
      const whole = flat([runRequest(head, [records])]).map(({ record }) => record);
      const found = whole.flatMap((record, at) =>
        required.every((one) =>
          one.fits(one.key === undefined ? record.body : attributeOf(record.attributes, String(one.key))),
        )
          ? [at]
          : [],
      );
      const reduced = reducedRecords(records, { fields, attributeKeys: [key], required });
      expectSame(
        seed,
        found.filter((at) => !reduced.places.includes(at)),
        [],
      );
      const seen = flat([runRequest(head, [reduced.bytes])]).map(({ record }) => record);
      const relevant = (record: (typeof seen)[number]) => [
        record.timeUnixNano,
        record.body,
        attributeOf(record.attributes, String(key)),
      ];
      expectSame(
        seed,
        seen.map(relevant),
        reduced.places.map((at) => relevant(whole[at]!)),
      );
    }
  }
});
