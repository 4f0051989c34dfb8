import fc from 'fast-check';
import { Router } from 'zeromq';
import { decodeClientFrame, encodeReply, newProducer, type Reply } from '../../src/frames/index.ts';
import { systemClock } from '../../src/record/index.ts';
import { Exchange } from '../../src/sinks/forward/exchange.ts';
import { ForwardSink } from '../../src/sinks/forward/forward-sink.ts';

type ReplyBody<T> = T extends Reply ? Omit<T, 'journal' | 'producer'> : never;

const journalId = new Uint8Array(16).fill(7);
const MAX_BYTES = 100;

/** A model of the other daemon's journal: it accepts each number once, and none before its predecessor. */
class FarJournal {
  readonly held: number[] = [];
  last = 0;
  readonly #bad: ReadonlySet<number>;
  /** How often it answers that it is full. */
  #busy: number;

  constructor(bad: ReadonlySet<number>, busy: number) {
    this.#bad = bad;
    this.#busy = busy;
  }

  answer(parts: readonly Uint8Array[], credit: number): ReplyBody<Reply> {
    const frame = decodeClientFrame(parts);
    if (frame.kind === 'hello') return { kind: 'welcome', last: this.last, credit, maxBytes: MAX_BYTES };
    const { seq, prev } = frame;
    if (seq <= this.last) return { kind: 'ack', last: this.last, credit };
    if (prev > this.last) return { kind: 'nack', last: this.last };
    if (this.#bad.has(seq)) return { kind: 'reject', seq, cause: 'malformed' };
    if (this.#busy > 0) {
      this.#busy -= 1;
      return { kind: 'retry', last: this.last, afterMillis: 50 };
    }
    this.held.push(seq);
    this.last = seq;
    return { kind: 'ack', last: this.last, credit };
  }
}

test('under any delays, rejections and interruptions, the other journal has each batch once and in order', () => {
  const producer = newProducer();
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          gap: fc.integer({ min: 1, max: 3 }),
          kind: fc.constantFrom('good', 'good', 'good', 'refused', 'large'),
        }),
        { minLength: 1, maxLength: 15 },
      ),
      fc.nat(2),
      fc.array(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom('send', 'arrive', 'reply') },
          { weight: 1, arbitrary: fc.constantFrom('cut', 'crash') },
        ),
        { maxLength: 150, size: 'max' },
      ),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }),
      (chosen, busy, steps, credits) => {
        let newest = 0;
        const numbered = chosen.map(({ gap, kind }) => {
          newest += gap;
          return { seq: newest, kind };
        });
        const seqsOf = (kind: string) => numbered.filter((each) => each.kind === kind).map(({ seq }) => seq);
        const [refused, large] = [seqsOf('refused'), seqsOf('large')];
        const seqs = numbered.map(({ seq }) => seq);
        const batches = seqs.map((seq) => {
          const body = new Uint8Array(large.includes(seq) ? MAX_BYTES + 1 : MAX_BYTES);
          return { seq, entry: { index: seq, receivedMillis: 0, records: 1, body } };
        });
        const far = new FarJournal(new Set(refused), busy);
        const buried = new Set<number>();
        let exchange!: Exchange;
        let toFar: (readonly Uint8Array[])[] = [];
        let toNear: ReplyBody<Reply>[] = [];
        let pauses = 0;
        let hasCrashed = false;
        let answers = 0;
        const connect = () => {
          // Like the sink after a failure: all batches again, except for rejected ones.
          exchange = new Exchange(
            producer,
            batches.filter(({ seq }) => !buried.has(seq)),
          );
          [toFar, toNear] = [[exchange.hello()], []];
        };
        const keep = () => {
          for (const { entry } of exchange.refused) buried.add(entry.index);
        };
        const step = (kind: string): boolean => {
          if (kind === 'cut' || kind === 'crash') {
            keep();
            if (kind === 'crash') buried.clear();
            hasCrashed ||= kind === 'crash';
            connect();
            return true;
          }
          if (kind === 'send') {
            const frames = exchange.next();
            if (frames === undefined) return false;
            toFar.push(frames);
            return true;
          }
          if (kind === 'arrive') {
            const frames = toFar.shift();
            if (frames === undefined) return false;
            toNear.push(far.answer(frames, credits[answers++ % credits.length]!));
            return true;
          }
          const reply = toNear.shift();
          if (reply === undefined) return false;
          exchange.receive({ ...reply, journal: journalId, producer: producer.id } as Reply);
          if (exchange.pauseMillis === undefined) return true;
          expect(exchange.next()).toBeUndefined();
          pauses += 1;
          keep();
          connect();
          return true;
        };
        connect();
        for (const kind of steps) if (!exchange.isDone) step(kind);
        for (let turns = 0; !exchange.isDone; turns += 1) {
          const moved = ['send', 'arrive', 'reply'].map(step);
          if ((!moved.includes(true) && !exchange.isDone) || turns > 2_000)
            throw new Error('it stands still');
        }
        keep();
        const bad = seqs.filter((seq) => refused.includes(seq) || large.includes(seq));
        expect(far.held).toEqual(seqs.filter((seq) => !bad.includes(seq)));
        expect([...buried].filter((seq) => !bad.includes(seq))).toEqual([]);
        // A rejection is remembered as long as the process lives; a too large batch is always detected.
        const must = hasCrashed ? bad.filter((seq) => large.includes(seq)) : bad;
        expect(must.filter((seq) => !buried.has(seq))).toEqual([]);
        expect(pauses).toBeLessThanOrEqual(busy);
      },
    ),
    { numRuns: 150 },
  );
});

test('after an interruption a sink remembers rejected batches, and never reuses a number for letters', async () => {
  const router = new Router({ linger: 0 });
  await router.bind('tcp://127.0.0.1:*');
  const far = new FarJournal(new Set([2]), 0);
  const letters: { readonly seq: number; readonly text: string }[] = [];
  const mainId = new Set<string>();
  let isMuted = true;
  let cut = new AbortController();
  void (async () => {
    for await (const [peer, ...parts] of router) {
      const frame = decodeClientFrame(parts);
      const id = Buffer.from(frame.producer).toString('hex');
      if (frame.kind === 'hello' && mainId.size === 0) mainId.add(id);
      let reply: ReplyBody<Reply> | undefined;
      if (mainId.has(id)) {
        reply = far.answer(parts, 8);
        // Stored, but not acknowledged.
        if (isMuted && far.last === 3) {
          reply = undefined;
          cut.abort(new Error('cut off'));
        }
      } else if (frame.kind === 'hello') {
        reply = { kind: 'welcome', last: letters.at(-1)?.seq ?? 0, credit: 8, maxBytes: MAX_BYTES };
      } else {
        letters.push({ seq: frame.seq, text: Buffer.from(frame.body).toString() });
        if (letters.length > 1) reply = { kind: 'ack', last: frame.seq, credit: 8 };
        else cut.abort(new Error('cut off'));
      }
      if (reply === undefined) continue;
      const answer = { ...reply, journal: journalId, producer: frame.producer } as Reply;
      await router.send([peer!, ...encodeReply(answer)]);
    }
  })();
  const endpoint = router.lastEndpoint!;
  const sink = new ForwardSink({ endpoint, curve: undefined, timeoutMillis: 60_000, clock: systemClock });
  await sink.open(undefined);
  await sink.prepare();
  const entry = (index: number, text = 'x', isReplay?: true) => ({
    ...{ index, receivedMillis: 0, records: 1, body: Buffer.from(text) },
    ...(isReplay === undefined ? {} : { isReplay }),
  });
  const never = new AbortController().signal;
  const all = [entry(1), entry(2), entry(3)];
  await expect(sink.write(all, cut.signal)).rejects.toThrow('cut off');
  expect(far.held).toEqual([1, 3]);
  isMuted = false;
  cut = new AbortController();
  // Only entries of the call are rejected, however the entries are grouped.
  await sink.write([entry(1)], never);
  await expect(sink.write([entry(2), entry(3)], never)).rejects.toMatchObject({
    rejected: true,
    indexes: [2],
    cause: 'malformed',
  });
  expect(far.held).toEqual([1, 3]);

  await expect(sink.write([entry(2, 'first', true)], cut.signal)).rejects.toThrow('cut off');
  // Newer than the last written entry, like an entry that a processor rejected.
  await sink.write([entry(9, 'second', true), entry(2, 'third', true)], never);
  expect(letters.map(({ text }) => text)).toEqual(['first', 'second', 'third']);
  await sink.write([entry(4)], never);
  expect(far.held).toEqual([1, 3, 4]);
  await sink.close();
  router.close();
});
