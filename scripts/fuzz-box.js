// Reads mutated, truncated and foreign black boxes: node scripts/fuzz-box.js [FILES, default 100000] [SEED]
// Reading must never throw, take long, or return a record that was not written.
import { readFileSync } from 'node:fs';
import {
  BLOCK_BYTES,
  BLOCKS_AT,
  BoxWriter,
  directOutput,
  Entry,
  encodeHeader,
  readBox,
  tagOf,
} from '../build/box/index.js';

const [files = 100_000, firstSeed = Date.now() % 1e9] = process.argv.slice(2).map(Number);
const SLOW_MILLIS = 1_000;
let seed = firstSeed;

/**
 * Returns a whole number below `bound`, deterministic for a seed.
 *
 * @param {number} bound
 */
function random(bound) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed % bound;
}

/** Of the processor, whoever else uses it. */
const usedMillis = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** @param {number} number */
const bodyOf = (number) => `record ${number} of a text that is not always the same`;

/** Creates a box with records, entries of all kinds, and vital signs. */
function box() {
  const blocks = 1 + random(2);
  const id = Array.from({ length: 32 }, () => random(16).toString(16)).join('');
  const file = Buffer.alloc(BLOCKS_AT + blocks * BLOCK_BYTES);
  encodeHeader(
    {
      ...{ id, pid: 1, thread: 0, madeMillis: 1, processMark: '', pidNamespace: '', service: 'fuzz' },
      ...{
        blocks,
        flushMillis: 10,
        capacity: 1_000,
        maxAgeMillis: 1e9,
        resources: [{ attributes: { a: 1 } }],
      },
    },
    1,
  ).copy(file);
  const writer = new BoxWriter({
    ...{ tag: tagOf(id), redact: new Set(), resourceIndex: () => 0, now: () => 1_700_000_000_000 },
    output: directOutput(blocks, (bytes, from, to, position) => void bytes.copy(file, position, from, to)),
  });
  const resource = { attributes: {} };
  /** @type {[number, number]} */
  const hrTime = [1_700_000_000, 0];
  const scope = { name: 'fuzz' };
  const contexts = [1, 2, 3].map((digit) => ({
    ...{ traceId: String(digit).repeat(32), spanId: String(digit).repeat(16), traceFlags: 1 },
  }));
  const count = 50 + random(400);
  for (let number = 0; number < count; number += 1) {
    const spanContext = contexts[random(3)];
    const record = {
      ...{ hrTime, hrTimeObserved: hrTime, severityNumber: 5, resource },
      ...{ body: bodyOf(number), attributes: { number, even: number % 2 === 0 }, spanContext },
      ...{ instrumentationScope: scope, droppedAttributesCount: 0 },
    };
    const kind = random(40);
    if (kind < 30) writer.held(record, spanContext.traceId);
    else if (kind < 34) writer.loud(record, number + 1);
    else if (kind === 34) writer.mark(Entry.ENDED, spanContext.traceId);
    else if (kind === 35) writer.mark(Entry.EMPTIED, spanContext.traceId);
    else if (kind === 36) writer.released(spanContext.traceId, random(20));
    else if (kind === 37) writer.handedOn(random(number + 1), number + 1, 'burst', random(20));
    else if (kind === 38) writer.settled(random(number + 1), number + 1);
    else writer.json(Entry.SIGNS, { atMillis: number });
    if (random(10) === 0) writer.flush();
  }
  writer.flush();
  return file;
}

/** @param {Buffer} file */
function mutated(file) {
  const bytes = Buffer.from(file);
  switch (random(6)) {
    case 0:
      return bytes.subarray(0, random(bytes.length));
    case 1:
      return Buffer.concat([
        bytes.subarray(0, BLOCKS_AT),
        Buffer.from(Array.from({ length: 2_000 }, () => random(256))),
      ]);
    case 2: {
      // Moves a part of the file to another place.
      const [from, to, length] = [random(bytes.length), random(bytes.length), random(4_000)];
      bytes.copy(bytes, to, from, Math.min(bytes.length, from + length));
      return bytes;
    }
    case 3:
      return bytes.length % 4 === 0 ? bytes.swap32() : bytes;
    default:
      for (let count = 1 + random(30); count > 0; count -= 1) {
        const at = random(2) === 0 ? random(600) : BLOCKS_AT + random(12_000);
        bytes[at] = random(256);
      }
      return bytes;
  }
}

const foreign = readFileSync(process.execPath).subarray(0, 300_000);
let original = box();
let records = 0;
let slowest = 0;
for (let count = 0; count < files; count += 1) {
  if (count % 50 === 0) original = box();
  const before = seed;
  const bytes = count % 1_000 === 0 ? foreign : mutated(original);
  const usedBefore = usedMillis();
  const found = readBox(bytes);
  slowest = Math.max(slowest, usedMillis() - usedBefore);
  if (typeof found === 'string') continue;
  for (const { record } of found.records) {
    records += 1;
    const { number, even } = record.attributes;
    if (record.body !== bodyOf(number) || even !== (number % 2 === 0)) {
      throw new Error(`seed ${before}: a record that was never written: ${JSON.stringify(record)}`);
    }
  }
}
if (slowest > SLOW_MILLIS) throw new Error(`seed ${firstSeed}: reading took ${slowest} ms`);
console.log(
  `${files} files (seed ${firstSeed}): ${records} records were read, all of them written; slowest ${slowest.toFixed(1)} ms`,
);
