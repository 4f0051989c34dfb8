// Kills services with a black box in every way, and checks the recovered records:
//   node scripts/prove-box.js [CHILDREN for each way, default 50] [WAY...]
// For each child: no gaps, no duplicates, nothing that was not written, nothing of a trace that ended
// successfully. At the end at most the records of `flushMillis` are missing, and none after exit and throw.
// Needs dist/ and build/.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recoverBoxes } from '../build/box/index.js';

const FLUSH_MILLIS = 10;
const PER_MILLI = 5;
/** The number of records whose emit times the child notes. */
const NOTED = 8_192;
/** The offset of these times behind the other notes. */
const NOTES_AT = 40;
/** The delay between a record and its flush on a busy machine, in addition to the delay that the child notes. */
const LATE_MILLIS = 100;
/** The period for which the child notes the maximum delay of its event loop. */
const LATE_FOR_MILLIS = 500;
/** A request begins every millisecond; ten times this many may have ended without an entry in the box. */
const MARKS = 15;
const AT_A_TIME = 2;

/**
 * How a child ends: its own code, or a signal of the parent; and whether records may be missing at the end.
 *
 * @type {Record<string, { end?: string, signal?: NodeJS.Signals, flags?: string[], mayMiss: boolean, watch?: boolean }>}
 */
const ways = {
  sigkill: { signal: 'SIGKILL', mayMiss: true },
  sigsegv: { signal: 'SIGSEGV', mayMiss: true },
  abort: { end: 'process.abort()', mayMiss: true },
  oom: { end: 'fillHeap()', flags: ['--max-old-space-size=50'], mayMiss: true },
  exit: { end: 'process.exit(1)', mayMiss: false },
  throw: { end: "throw new Error('the end')", mayMiss: false },
  rejection: { end: "void Promise.reject(new Error('the end'))", mayMiss: false },
  hang: { end: 'for (;;) {}', signal: 'SIGKILL', mayMiss: true },
  loop: { end: 'for (;;) emit()', signal: 'SIGKILL', mayMiss: true },
  'watched-sigkill': { signal: 'SIGKILL', mayMiss: true, watch: true },
  'watched-exit': { end: 'process.exit(1)', mayMiss: false, watch: true },
  'watched-hang': { end: 'for (;;) {}', signal: 'SIGKILL', mayMiss: true, watch: true },
};

/**
 * @param {string} end
 * @param {boolean} watch
 */
const program = (end, watch) => `
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { openSync, writeSync } from 'node:fs';
import { BurstLogRecordProcessor } from 'burstlog';
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const burst = new BurstLogRecordProcessor({
  exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} },
  capacity: 100_000,
  maxBytes: 2 ** 28,
  blackBox: { directory: process.env.BOXES, flushMillis: ${FLUSH_MILLIS}, watch: ${watch}, service: 'prove' },
});
const spans = burst.spanProcessor();
const logger = new LoggerProvider({ processors: [burst] }).getLogger('prove');
const progress = openSync(process.env.PROGRESS, 'w');
writeSync(progress, Buffer.alloc(${NOTES_AT + NOTED * 8}));
const spanOf = (number) => {
  const id = number.toString(16).padStart(16, '0');
  const spanContext = { traceId: id + id, spanId: id, traceFlags: 1 };
  return { name: 'x', kind: 0, attributes: {}, status: { code: 0 }, duration: [0, 1], spanContext: () => spanContext };
};
const contextOf = (span) => trace.setSpanContext(ROOT_CONTEXT, span.spanContext());
const open = spanOf(1);
spans.onStart(open);
const inOpen = contextOf(open);
let count = 0;
const note = Buffer.alloc(8);
const write = (number, at) => {
  note.writeDoubleLE(number);
  writeSync(progress, note, 0, 8, at);
};
const emit = () => {
  logger.emit({ severityNumber: 5, body: 'record ' + count, attributes: { count }, context: inOpen });
  const at = Date.now();
  write(at, ${NOTES_AT} + (count % ${NOTED}) * 8);
  count += 1;
  write(count, 0);
  write(at, 24);
};
let request = 2;
const started = performance.now();
let [late, lateAt, tickAt] = [0, 0, started];
const tick = () => {
  const now = performance.now();
  if (now - tickAt > late || now - lateAt > ${LATE_FOR_MILLIS}) [late, lateAt] = [now - tickAt, now];
  tickAt = now;
  write(late, 32);
  const due = (performance.now() - started) * ${PER_MILLI};
  while (count * 2 < due) emit();
  // The other half belongs to requests that end successfully, some of them after several flushes.
  const span = spanOf(request);
  request += 1;
  write(request, 16);
  spans.onStart(span);
  for (let at = 0; at < ${PER_MILLI}; at += 1) {
    logger.emit({ severityNumber: 5, body: 'of a request', attributes: { request }, context: contextOf(span) });
  }
  if (request % 10 > 0) return spans.onEnd(span);
  const mine = request;
  setTimeout(() => {
    spans.onEnd(span);
    write(mine, 8);
  }, 30);
};
setInterval(tick, 1);
const fillHeap = () => { const all = []; setInterval(() => { for (let at = 0; at < 2e5; at += 1) all.push({ at }); }, 5); };
setTimeout(() => { process.stdout.write('now'); setTimeout(() => { ${end} }, ${end === '' ? 1e6 : 60}); }, 250 + Math.random() * 200);
`;

/** @param {string} way */
async function prove(way) {
  const {
    end = '',
    signal,
    flags = [],
    mayMiss,
    watch = false,
  } = /** @type {NonNullable<(typeof ways)[string]>} */ (ways[way]);
  const directory = mkdtempSync(join(tmpdir(), 'prove-box-'));
  try {
    const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', program(end, watch)], {
      cwd: dirname(dirname(fileURLToPath(import.meta.url))),
      env: { ...process.env, BOXES: directory, PROGRESS: join(directory, 'progress') },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    if (signal !== undefined) setTimeout(() => child.kill(signal), end === '' ? 0 : 200);
    await once(child, 'close');
    const progress = readFileSync(join(directory, 'progress'));
    /** @type {import('../build/record/index.js').ReadableLogRecordLike[]} */
    let records = [];
    const bounds = { maxFiles: 9, maxTotalBytes: 2 ** 30, maxAgeMillis: 1e9 };
    await recoverBoxes(
      directory,
      bounds,
      () => true,
      async (found) => {
        records = [...records, ...found];
        return 'exported';
      },
    );
    const at = (/** @type {number} */ place) => progress.readDoubleLE(place);
    const known = { emitted: at(0), ended: at(8), newest: at(16), lastMillis: at(24), lateMillis: at(32) };
    return check(
      records,
      { ...known, atMillis: (count) => at(NOTES_AT + (count % NOTED) * 8) },
      mayMiss,
      way,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * @param {readonly import('../build/record/index.js').ReadableLogRecordLike[]} records
 * @param {{ emitted: number, ended: number, newest: number, lastMillis: number, lateMillis: number, atMillis: (count: number) => number }} known
 *   the notes of the child: records of the open trace, the last of the long requests (every tenth) that had
 *   ended, the newest request, the time of the last record and of any, and the delay of its event loop
 * @param {boolean} mayMiss
 * @param {string} way
 */
function check(records, { emitted, ended, newest, lastMillis, lateMillis, atMillis }, mayMiss, way) {
  const numbers = [];
  for (const { body, attributes } of records.slice(0, -1)) {
    const { count, request } = attributes;
    if (count !== undefined && body === `record ${count}`) {
      numbers.push(count);
    }
    // The end of a request is also written at the next flush; it may have been open at the last one.
    else if (request % 10 === 0 ? request < ended - 10 * MARKS : request < newest - 10 * MARKS) {
      throw new Error(`${way}: request ${request} had ended, the last was ${ended} of ${newest}`);
    }
  }
  const first = numbers[0];
  const gap = numbers.find((number, index) => number !== first + index);
  if (gap !== undefined) throw new Error(`${way}: gap or duplicate at ${gap}`);
  const firstLost = (numbers.at(-1) ?? -1) + 1;
  const lost = emitted - firstLost;
  if (!mayMiss && lost !== 0) throw new Error(`${way}: ${lost} records at the end are missing`);
  return {
    recovered: numbers.length,
    lost: Math.max(0, lost),
    lostMillis: lost > 0 ? lastMillis - atMillis(firstLost) : 0,
    lateMillis,
  };
}

const [given, ...only] = process.argv.slice(2);
const children = Number(given ?? 50);
for (const way of only.length > 0 ? only : Object.keys(ways)) {
  /** @type {ReturnType<typeof check>[]} */
  const results = [];
  let left = children;
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      while (left > 0) {
        left -= 1;
        results.push(await prove(way));
      }
    }),
  );
  const sorted = (/** @type {'lost' | 'lostMillis'} */ name) =>
    results.map((one) => one[name]).sort((one, other) => one - other);
  const [losses, millis] = [sorted('lost'), sorted('lostMillis')];
  const recovered = results.reduce((sum, one) => sum + one.recovered, 0);
  const middle = results.length >> 1;
  console.log(
    `${way}: ${children} children, ${recovered} records recovered, no gaps, no duplicates; lost at the end: ` +
      `median ${losses[middle]}, at most ${losses.at(-1)} records; of the last ${millis[middle]}, at most ${millis.at(-1)} ms`,
  );
  // Before a heap is out of memory, the garbage collector stops the process for longer than any flush takes.
  const isLost = results.some((one) => one.lostMillis > FLUSH_MILLIS + LATE_MILLIS + one.lateMillis);
  if (way !== 'oom' && isLost) process.exitCode = 1;
}
