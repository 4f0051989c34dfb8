import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { decodeClientFrame, decodeReply, encodeReply, type Reply } from '../../src/frames/index.ts';
import { SendWindow } from '../../src/zeromq/send-window.ts';
import { expectEqual } from '../support/expect-equal.ts';

const producer = new Uint8Array(16).fill(1);
const EXPORT_TIMEOUT_MILLIS = 1_000;
const ACK_TIMEOUT_MILLIS = 100;

/** The possible events, in any order. */
type Step =
  | { readonly kind: 'export' | 'send' | 'answer' | 'cut' | 'replace' | 'full' | 'room' }
  /** The daemon reads the next message of a connection, possibly one that the client has closed. */
  | { readonly kind: 'read'; readonly connection: number }
  | { readonly kind: 'wait'; readonly millis: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('export' as const) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('answer' as const) }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('read' as const), connection: fc.nat({ max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'full' as const, 'room' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), millis: fc.nat({ max: 400 }) }) },
);

interface Connection {
  readonly toDaemon: (readonly Uint8Array[])[];
  readonly toClient: (readonly Uint8Array[])[];
}

/** A client's window, a daemon that follows docs/wire.md, and connections that fail. */
class World {
  now = 1_000_000;
  readonly journals: { readonly id: Uint8Array; last: number; readonly seqs: number[] }[] = [];
  readonly outcomes = new Map<string, 'succeeded' | 'failed'>();
  readonly #window = new SendWindow({
    producer,
    maxBytes: 100,
    ackTimeoutMillis: ACK_TIMEOUT_MILLIS,
    onEvent: () => {},
  });
  readonly #connections: Connection[] = [];
  #names = 0;
  /** The batch of a seq; seqs are assigned in order. */
  readonly nameOf = new Map<number, string>();
  #isFull = false;

  constructor() {
    this.#replace();
    this.#connect();
  }

  do(step: Step): void {
    this.#window.expire(this.now);
    switch (step.kind) {
      case 'export':
        return this.#export();
      case 'send':
        return this.#send();
      case 'read':
        return this.#read(this.#connections[step.connection]);
      case 'answer':
        return this.#answer();
      case 'cut':
        this.#window.disconnected();
        return this.#connect();
      case 'replace':
        return this.#replace();
      case 'full':
      case 'room':
        this.#isFull = step.kind === 'full';
        return;
      case 'wait':
        this.now += step.millis;
    }
  }

  /** From here on nothing fails. */
  finish(): void {
    this.#isFull = false;
    for (let round = 0; this.#window.batches > 0; round++) {
      if (round > 1_000) throw new Error('the window never empties');
      this.#window.expire(this.now);
      this.#send();
      for (const connection of this.#connections) this.#read(connection);
      this.#answer();
      this.now += 1;
    }
  }

  #export(): void {
    if (this.#window.batches >= 8) return;
    this.#names += 1;
    const name = `batch ${this.#names}`;
    this.nameOf.set(this.#names, name);
    const body = Buffer.from(name.padEnd(20 + (this.#names % 5) * 10));
    this.#window.add({
      records: 1,
      length: body.length,
      body,
      bodyCrc: crc32(body),
      encoding: 0,
      deadlineMillis: this.now + EXPORT_TIMEOUT_MILLIS,
      done: (error) => {
        expectEqual(this.outcomes.has(name), false);
        this.outcomes.set(name, error === undefined ? 'succeeded' : 'failed');
      },
    });
  }

  #send(): void {
    const message = this.#window.next(this.now);
    if (message !== undefined) this.#connections[0]!.toDaemon.push(message);
  }

  #read(connection: Connection | undefined): void {
    const message = connection?.toDaemon.shift();
    if (connection === undefined || message === undefined) return;
    const journal = this.journals.at(-1)!;
    const frame = decodeClientFrame(message);
    const reply = this.#take(frame, journal);
    connection.toClient.push(encodeReply({ journal: journal.id, producer, ...reply } as Reply));
  }

  #take(frame: ReturnType<typeof decodeClientFrame>, journal: World['journals'][number]): object {
    const { last } = journal;
    if (frame.kind === 'hello') return { kind: 'welcome', last, credit: 4, maxBytes: 1000 };
    if (frame.seq <= last) return { kind: 'ack', last, credit: 4 };
    if (frame.prev > last) return { kind: 'nack', last };
    if (this.#isFull) return { kind: 'retry', last, afterMillis: 50 };
    journal.last = frame.seq;
    journal.seqs.push(frame.seq);
    return { kind: 'ack', last: frame.seq, credit: 4 };
  }

  #answer(): void {
    const message = this.#connections[0]!.toClient.shift();
    if (message !== undefined) this.#window.receive(decodeReply(message), this.now);
  }

  /** The daemon continues to read what has reached it; its replies to the old connection are lost. */
  #connect(): void {
    this.#connections.unshift({ toDaemon: [], toClient: [] });
    this.#connections.length = Math.min(4, this.#connections.length);
  }

  #replace(): void {
    this.journals.push({ id: new Uint8Array(16).fill(this.journals.length + 2), last: 0, seqs: [] });
  }
}

function run(steps: readonly Step[]): World {
  const world = new World();
  for (const step of steps) world.do(step);
  world.finish();
  return world;
}

test('under any failures, in any order: a success is stored exactly once, a failure at most once, in order', () => {
  fc.assert(
    fc.property(
      fc.array(
        step.filter(({ kind }) => kind !== 'replace'),
        { maxLength: 300 },
      ),
      (steps) => {
        const { journals, outcomes, nameOf } = run(steps);
        const [journal] = journals;
        expectEqual(
          journal!.seqs,
          [...new Set(journal!.seqs)].sort((a, b) => a - b),
        );
        const there = new Set(journal!.seqs.map((seq) => nameOf.get(seq)));
        const missing = [...outcomes].filter(
          ([name, outcome]) => outcome === 'succeeded' && !there.has(name),
        );
        expectEqual(missing, []);
        expectEqual(outcomes.size, nameOf.size);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('with replaced journals: a success is in at least one of them, and in each at most once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { journals, outcomes, nameOf } = run(steps);
      for (const { seqs } of journals) expectEqual(new Set(seqs).size, seqs.length);
      const there = new Set(journals.flatMap(({ seqs }) => seqs).map((seq) => nameOf.get(seq)));
      const missing = [...outcomes].filter(([name, outcome]) => outcome === 'succeeded' && !there.has(name));
      expectEqual(missing, []);
    }),
    { numRuns: 2_000 },
  );
});

test('an acknowledgement of a batch that was never sent is ignored', () => {
  const outcomes: unknown[] = [];
  const events: string[] = [];
  const window = new SendWindow({
    producer,
    maxBytes: 100,
    ackTimeoutMillis: ACK_TIMEOUT_MILLIS,
    onEvent: (event) => events.push(event),
  });
  const body = Buffer.from('batch');
  const done = (error?: unknown) => outcomes.push(error);
  window.add({ records: 1, length: 5, body, bodyCrc: crc32(body), encoding: 0, deadlineMillis: 1e15, done });
  window.receive({ journal: new Uint8Array(16).fill(2), producer, kind: 'ack', last: 1, credit: 8 }, 0);
  expect([outcomes, events]).toEqual([[], ['too_far']]);
});
