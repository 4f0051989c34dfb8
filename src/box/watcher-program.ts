import { BLOCK_BYTES, BLOCKS_AT, Entry, Frame, WATCH_AT, WATCH_BYTES, WATCH_SLOTS } from './layout.ts';

/** The number of blocks by which the worker may lag behind. */
export const IMAGES = 8;

/** Indexes of the shared integers. */
export const Count = {
  /** 1: a thread writes to the file. */
  LOCK: 0,
  /** 1: the worker must stop. */
  STOP: 1,
  /** 1: the worker sleeps until there is something to write. */
  SLEEPS: 2,
  /** Incremented when a new frame is opened. */
  VERSION: 3,
  /** The newest block. */
  BLOCK: 4,
  /**
   * The end of the complete entries in the newest block. Larger than its entry in `ENDS`: they are in the
   * open frame.
   */
  REACHED: 5,
  /** The block being written to the file, and the end of its written part. */
  DONE_BLOCK: 6,
  DONE_AT: 7,
  /** Incremented while the event loop is running. */
  BEATS: 8,
  /** 1: the worker is running. */
  RUNS: 9,
  /** The end of the last complete frame of each block in memory. */
  ENDS: 10,
  SIZE: 10 + IMAGES,
} as const;

/** Indexes of the shared floating-point numbers. */
export const Fact = {
  /** When the event loop was last seen running, in milliseconds since 1970. */
  BEAT_AT: 0,
  HEAP_USED: 1,
  HEAP_LIMIT: 2,
  HOLDING: 3,
  SIZE: 4,
} as const;

/**
 * The worker's source, as a string: bundlers need to find no extra file, and it is loaded only on use. It
 * owns only its own file descriptor. While there is something to write, it checks every `flushMillis`.
 * Otherwise it sleeps until it is woken, or until it must check for a hung event loop.
 *
 * An incomplete frame is written in the order tail, then head. At every moment the file contains either the
 * shorter or the longer frame.
 */
export const WATCHER_PROGRAM = `'use strict';
const fs = require('node:fs');
const { crc32 } = require('node:zlib');
const { parentPort, workerData } = require('node:worker_threads');
const { path, blocks, tag, flushMillis, hangMillis, imageBytes, counts, facts, memory } = workerData;
const Count = ${JSON.stringify(Count)};
const Fact = ${JSON.stringify(Fact)};
const Frame = ${JSON.stringify(Frame)};
const Entry = ${JSON.stringify(Entry)};
const images = Array.from({ length: ${IMAGES} }, (_, index) => Buffer.from(memory, index * imageBytes, imageBytes));
const open = Buffer.alloc(imageBytes);
const nothing = Buffer.alloc(${WATCH_BYTES * WATCH_SLOTS});
const { O_RDWR, O_NOFOLLOW = 0 } = fs.constants;
const file = fs.openSync(path, O_RDWR | O_NOFOLLOW);
const state = {
  /** The part of the open frame that is in the file. */
  partial: { version: -1, turn: -1, from: 0, to: 0 },
  /** How many hang reports were written, and when the last one was; 0: none. */
  hangs: 0,
  hangWrittenAt: 0,
  beats: -1,
  silentMillis: 0,
};

const load = (index) => Atomics.load(counts, index);
const positionOf = (turn) => ${BLOCKS_AT} + (turn % blocks) * ${BLOCK_BYTES};
function write(bytes, from, to, position) {
  for (let at = from; at < to; ) at += fs.writeSync(file, bytes, at, to - at, position + at - from);
}

/** Writes the complete frames. */
function drain() {
  for (;;) {
    const newest = load(Count.BLOCK);
    const turn = load(Count.DONE_BLOCK);
    const from = load(Count.DONE_AT);
    const to = load(Count.ENDS + (turn % ${IMAGES}));
    if (from < to) {
      const image = images[turn % ${IMAGES}];
      const isPartial = state.partial.turn === turn && state.partial.from === from && state.partial.to <= to;
      if (isPartial) {
        write(image, state.partial.to, to, positionOf(turn) + state.partial.to);
        write(image, from, from + Frame.entries, positionOf(turn) + from);
      } else {
        write(image, from, to, positionOf(turn) + from);
      }
      Atomics.store(counts, Count.DONE_AT, to);
    }
    if (turn === newest) return;
    Atomics.store(counts, Count.DONE_AT, 0);
    Atomics.store(counts, Count.DONE_BLOCK, turn + 1);
  }
}

/** Writes the complete entries of the open frame. @returns whether there was something new */
function writeOpen() {
  const version = load(Count.VERSION);
  const turn = load(Count.BLOCK);
  const from = load(Count.ENDS + (turn % ${IMAGES}));
  const to = load(Count.REACHED);
  if (to - from <= Frame.entries || turn !== load(Count.DONE_BLOCK) || from !== load(Count.DONE_AT)) return false;
  const isKnown = state.partial.version === version && state.partial.from === from;
  if (isKnown && state.partial.to === to) return false;
  images[turn % ${IMAGES}].copy(open, from, from, to);
  if (load(Count.VERSION) !== version) return true;
  open.writeUInt32LE(to - from - Frame.entries, from + Frame.length);
  open.writeUInt32LE(crc32(open.subarray(from + Frame.sequence, to), tag), from + Frame.crc);
  const known = isKnown ? state.partial.to : from + Frame.entries;
  write(open, known, to, positionOf(turn) + known);
  write(open, from, from + Frame.entries, positionOf(turn) + from);
  state.partial = { version, turn, from, to };
  return true;
}

function numberIn(path) {
  try {
    const value = Number(fs.readFileSync(path, 'latin1'));
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textEntry(entry, value) {
  const text = Buffer.from(JSON.stringify(value));
  const size = text.length;
  return Buffer.concat([Buffer.from([entry, (size & 127) | 128, (size >> 7) & 127]), text]);
}

/** Alternates between two slots, so that one of them is always complete. */
function writeHang() {
  const now = Date.now();
  const since = facts[Fact.BEAT_AT];
  const signs = {
    atMillis: now,
    rss: process.memoryUsage.rss(),
    heapUsed: facts[Fact.HEAP_USED],
    heapLimit: facts[Fact.HEAP_LIMIT],
    memoryUsed: numberIn('/sys/fs/cgroup/memory.current'),
    memoryLimit: numberIn('/sys/fs/cgroup/memory.max'),
    loopDelayMillis: now - since,
    holding: facts[Fact.HOLDING],
  };
  const text = 'the event loop has hung since ' + new Date(since).toISOString();
  const words = { atMillis: now, text, isFailure: true };
  const head = Buffer.alloc(Frame.entries);
  const frame = Buffer.concat([head, textEntry(Entry.SIGNS, signs), textEntry(Entry.LAST_WORDS, words)]);
  state.hangs += 1;
  frame.writeUInt32LE(frame.length - Frame.entries, Frame.length);
  frame.writeUIntLE(state.hangs, Frame.sequence, 6);
  frame.writeUIntLE(now, Frame.time, 6);
  frame.writeUInt32LE(crc32(frame.subarray(Frame.sequence), tag), Frame.crc);
  write(frame, 0, frame.length, ${WATCH_AT} + (state.hangs % ${WATCH_SLOTS}) * ${WATCH_BYTES});
  state.hangWrittenAt = now;
}

function eraseHang() {
  write(nothing, 0, nothing.length, ${WATCH_AT});
  state.hangWrittenAt = 0;
}

/** @returns whether something was written */
function writePending() {
  const before = load(Count.DONE_AT);
  const block = load(Count.DONE_BLOCK);
  drain();
  const isNew = writeOpen() || before !== load(Count.DONE_AT) || block !== load(Count.DONE_BLOCK);
  const isHung = state.silentMillis >= hangMillis;
  if (isHung && Date.now() - state.hangWrittenAt >= 1000) writeHang();
  if (!isHung && state.hangWrittenAt > 0) eraseHang();
  return isNew;
}

/** @returns false if the worker must stop */
function lock() {
  while (Atomics.compareExchange(counts, Count.LOCK, 0, 1) !== 0) {
    if (load(Count.STOP) === 1) return false;
    Atomics.wait(counts, Count.LOCK, 1, 50);
  }
  if (load(Count.STOP) === 0) return true;
  unlock();
  return false;
}

function unlock() {
  Atomics.store(counts, Count.LOCK, 0);
  Atomics.notify(counts, Count.LOCK);
}

function run() {
  const idleMillis = Math.min(1000, Math.max(flushMillis, hangMillis / 10));
  let isBusy = true;
  while (load(Count.STOP) === 0) {
    const startedAt = performance.now();
    const millis = isBusy ? flushMillis : idleMillis;
    if (isBusy) Atomics.wait(counts, Count.STOP, 0, millis);
    else Atomics.wait(counts, Count.SLEEPS, 1, millis);
    // Time during which the process was stopped or the machine suspended does not count as a hang.
    state.silentMillis += Math.min(performance.now() - startedAt, 2 * millis);
    const current = load(Count.BEATS);
    if (current !== state.beats) state.silentMillis = 0;
    state.beats = current;
    if (!lock()) return;
    const reached = load(Count.REACHED);
    isBusy = writePending();
    // An entry that arrived since the check has not woken the worker.
    if (!isBusy) Atomics.store(counts, Count.SLEEPS, 1);
    if (load(Count.REACHED) !== reached) isBusy = true;
    unlock();
  }
}

Atomics.store(counts, Count.RUNS, 1);
try {
  run();
} catch (error) {
  Atomics.store(counts, Count.RUNS, 0);
  unlock();
  if (load(Count.STOP) === 0) parentPort.postMessage(String(error.message));
}
fs.closeSync(file);
`;
