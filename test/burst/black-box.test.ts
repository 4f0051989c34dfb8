/** What a black box writes on each call, with a list of items instead of the holding core. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import { type BoxContents, completeBoxOptions, readBox } from '../../src/box/index.ts';
import { openBlackBox } from '../../src/burst/open-black-box.ts';
import type { Keys, VisitItem } from '../../src/holding/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { aRecord } from '../box/support/memory-box.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** A flush is due after four fifths of this time. */
const FLUSH_MILLIS = 10;
const DUE_MILLIS = 8;

let directory: string;
let warnings: string[];
const closers: (() => void)[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'black-box-calls-'));
  warnings = [];
  listen((message) => void warnings.push(message));
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
  diag.disable();
  rmSync(directory, { recursive: true, force: true });
});

interface Held {
  readonly record: ReadableLogRecordLike;
  readonly key: string;
  isNew: boolean;
  number: number;
}

function build({ exclude = [] as string[], capacity = 1_000, clock = new ManualClock() } = {}) {
  const options = completeBoxOptions({
    ...{ directory, bytes: 2 ** 20, flushMillis: FLUSH_MILLIS, exclude, redact: [], watch: false },
    ...{ hangMillis: 5_000, service: 'shop', maxFiles: 20, maxTotalBytes: 2 ** 26, maxAgeMillis: 1e9 },
  });
  const ended = new Set<string>();
  const others = new Set([...process.listeners('exit'), ...process.listeners('uncaughtExceptionMonitor')]);
  const bounds = {
    ...{ capacity, threshold: 1, maxRecordBytes: 1e6, maxAgeMillis: Number.POSITIVE_INFINITY },
    ...{ idleMillis: 1e9, maxDelayMillis: 1e9, after: { records: 0, millis: 0 } },
  };
  const box = openBlackBox<ReadableLogRecordLike>(
    'test',
    { blackBox: options, bounds, clock },
    { readable: (record) => record, hasEnded: (key) => ended.has(key), holding: () => items.length },
  )!;
  closers.push(() => box.close(true));
  const items: Held[] = [];
  const unknownOf: Keys[] = [];
  const see = (item: Held, seen: VisitItem<ReadableLogRecordLike>) => {
    item.isNew = false;
    item.number = seen(item.record, item.key, clock.monotonicNow());
  };
  box.attach({
    eachNew: (seen) => {
      for (const item of items) if (item.isNew) see(item, seen);
    },
    eachUnknown: (keys: Keys, seen) => {
      unknownOf.push(keys);
      for (const item of items) {
        if ((keys === 'all' || keys.includes(item.key)) && item.number === 0) see(item, seen);
      }
    },
  });
  const contents = () => readBox(readFileSync(box.path)) as BoxContents;
  const listenersOf = (event: 'exit' | 'uncaughtExceptionMonitor') =>
    process.listeners(event as 'exit').filter((listener) => !others.has(listener));
  return {
    ...{ box, clock, ended, contents, unknownOf },
    /** Adds a held record. */
    hold(body: string, key = 'a', more: Partial<ReadableLogRecordLike> = {}): Held {
      const item = { record: aRecord(body, more), key, isNew: true, number: 0 };
      items.push(item);
      box.held(clock.monotonicNow());
      return item;
    },
    /** Bursts the key. @returns its held items */
    release(key: string): Held[] {
      box.releasing([key]);
      const released = items.filter((item) => item.key === key);
      for (const item of released) items.splice(items.indexOf(item), 1);
      box.released(key, released.length);
      box.triggered();
      return released;
    },
    /** The bodies in the file now; those being delivered are marked. */
    written: () =>
      contents().records.map(({ record, state }) =>
        state === 'held' ? record.body : `${record.body}, sent`,
      ),
    words: () => contents().lastWords.map(({ text, isFailure }) => [text, isFailure]),
    /** Emits the event of a process that exits or throws. */
    exit: (code: number) => {
      for (const listener of listenersOf('exit')) listener.call(process, code);
    },
    fail: (error: unknown) => {
      const listeners = listenersOf('uncaughtExceptionMonitor') as unknown as ((...of: unknown[]) => void)[];
      for (const listener of listeners) listener(error, 'uncaughtException');
    },
    listeners: () => listenersOf('exit').length + listenersOf('uncaughtExceptionMonitor').length,
  };
}

const nothing = { number: 0, burstId: '', sequence: 0 };

describe('a held record', () => {
  test('is written after four fifths of flushMillis, with all that arrived in the meantime', () => {
    const { clock, hold, written } = build();
    hold('1');
    clock.advance(DUE_MILLIS - 1);
    hold('2');
    expect(written()).toEqual([]);
    clock.advance(1);
    expect(written()).toEqual(['1', '2']);
    hold('3');
    clock.advance(DUE_MILLIS - 1);
    expect(written()).toEqual(['1', '2']);
    clock.advance(1);
    expect(written()).toEqual(['1', '2', '3']);
    // The timer of the vital signs is the only one.
    expect(clock.pendingTimers).toBe(1);
  });

  test('that arrives when the timer is overdue causes an immediate flush of earlier ones, and is written later itself', () => {
    class BusyClock extends ManualClock {
      override after(delayMillis: number, callback: () => void): () => void {
        return super.after(delayMillis + 100, callback);
      }
    }
    const clock = new BusyClock();
    const { hold, written } = build({ clock });
    hold('1');
    clock.advance(DUE_MILLIS - 1);
    hold('2');
    expect(written()).toEqual([]);
    clock.advance(1);
    hold('3');
    expect(written()).toEqual(['1', '2', '3']);
    hold('4');
    expect(written()).toEqual(['1', '2', '3']);
    clock.advance(DUE_MILLIS);
    hold('5');
    expect(written()).toEqual(['1', '2', '3', '4', '5']);
  });

  test('of a trace that has ended is not written, unless a span of the trace starts again', () => {
    const { box, clock, ended, hold, unknownOf, written } = build();
    ended.add('a');
    const late = hold('late');
    const other = hold('other', 'b');
    const later = hold('later');
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['other']);
    expect([late.number, other.number, later.number]).toEqual([0, 1, 0]);
    // The box has no records of it, so that its end need not be written.
    box.emptied('a');
    expect(clock.pendingTimers).toBe(1);
    ended.delete('a');
    box.resumed('a');
    expect(written()).toEqual(['other']);
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['other', 'late', 'later']);
    // The state of the trace was read once.
    hold('one more');
    clock.advance(DUE_MILLIS);
    expect(unknownOf).toEqual([['a']]);
  });

  test('is removed from the box while its trace has ended, and restored when a span starts again', () => {
    const { box, clock, hold, written } = build();
    hold('1');
    hold('2', 'b');
    clock.advance(DUE_MILLIS);
    box.ended('a');
    expect(written()).toEqual(['1', '2']);
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['2']);
    box.resumed('a');
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['1', '2']);
  });

  test('is removed when its key was emptied; a key that was never written causes no flush', () => {
    const { box, clock, hold, written } = build();
    hold('1');
    hold('2', 'b');
    clock.advance(DUE_MILLIS);
    box.emptied('unknown');
    box.ended('unknown');
    expect(clock.pendingTimers).toBe(1);
    box.emptied('a');
    expect(clock.pendingTimers).toBe(2);
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['2']);
    // The key is removed, so that it is not written a second time.
    box.emptied('a');
    box.ended('a');
    expect(clock.pendingTimers).toBe(1);
  });

  test('of a logger that is excluded has no number and is not written', () => {
    const { clock, hold, written } = build({ exclude: ['audit', 'secret.*'] });
    const items = ['audit', 'secret.keys', 'audits'].map((name) =>
      hold(name, 'a', { instrumentationScope: { name } }),
    );
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['audits']);
    expect(items.map(({ number }) => number)).toEqual([0, 0, 1]);
  });
});

describe('a burst', () => {
  test('is written at once, also for a trace that has ended, and no record of other keys is lost', () => {
    const { box, clock, ended, hold, release, written } = build();
    hold('1');
    hold('other', 'b');
    ended.add('a');
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['other']);
    hold('2');
    const released = release('a');
    expect(released.map(({ number }) => number)).toEqual([2, 3]);
    expect(written()).toEqual(['other', '1', '2']);
    box.emptied('b');
    box.flush();
    expect(written()).toEqual(['1', '2']);
  });

  test('in the same millisecond as another one waits for the next flush; one millisecond later it is flushed', () => {
    const { clock, hold, release, written } = build();
    hold('1', 'a');
    hold('2', 'b');
    hold('3', 'c');
    release('a');
    const before = written();
    expect(before).toContain('1');
    release('b');
    clock.advance(0.5);
    hold('4', 'd');
    release('d');
    expect(written()).toEqual(before);
    clock.advance(0.5);
    release('c');
    expect(written()).toEqual(['1', '2', '3', '4']);
  });

  test('is written record by record: sent, delivered, or dropped', () => {
    const { box, hold, release, contents, written } = build();
    for (const body of ['1', '2', '3']) hold(body);
    const [one, two, three] = release('a');
    box.sending();
    box.sent(one!.record, one!.number, 11, 'burst 1', 1);
    box.sending();
    box.sent(two!.record, two!.number, 12, 'burst 1', 2);
    box.dropped(three!.number);
    box.flush();
    expect(written()).toEqual(['1, sent', '2, sent']);
    expect(contents().records.map(({ record }) => record.attributes)).toEqual([
      { 'burst.id': 'burst 1', 'burst.sequence': 1 },
      { 'burst.id': 'burst 1', 'burst.sequence': 2 },
    ]);
    box.settled(11, 11);
    box.flush();
    expect(written()).toEqual(['2, sent']);
    box.settled(12, 12);
    box.flush();
    expect(written()).toEqual([]);
  });

  test('whose record was not accepted by the delivery, or settled at once, keeps nothing of it', () => {
    const { box, clock, hold, release, written } = build();
    for (const body of ['1', '2']) hold(body);
    const [one, two] = release('a');
    box.sending();
    box.sent(one!.record, one!.number, 0, 'burst 1', 1);
    box.sending();
    box.settled(12, 12);
    box.sent(two!.record, two!.number, 12, 'burst 1', 2);
    expect(written()).toEqual(['1', '2']);
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual([]);
  });
});

describe('a loud record', () => {
  const send = ({ box }: ReturnType<typeof build>, body: string, delivery: number, logger = 'app') => {
    box.sending();
    const record = aRecord(body, { instrumentationScope: { name: logger } });
    box.sent(record, nothing.number, delivery, nothing.burstId, nothing.sequence);
  };

  test('is written if it is not delivered by the next flush, until it is', () => {
    const all = build();
    const { box, clock, written } = all;
    send(all, 'quick', 1);
    send(all, 'slow', 2);
    send(all, 'stuck', 3);
    box.settled(1, 1);
    clock.advance(DUE_MILLIS - 1);
    expect(written()).toEqual([]);
    clock.advance(1);
    expect(written()).toEqual(['slow, sent', 'stuck, sent']);
    box.settled(2, 2);
    clock.advance(DUE_MILLIS);
    expect(written()).toEqual(['stuck, sent']);
  });

  test('that the delivery did not accept, that is excluded, or that is already delivered, is not written', () => {
    const all = build({ exclude: ['audit'] });
    const { box, clock, written } = all;
    send(all, 'refused', 0);
    expect(clock.pendingTimers).toBe(1);
    send(all, 'excluded', 1, 'audit');
    box.sending();
    box.settled(2, 2);
    box.sent(aRecord('dropped meanwhile'), 0, 2, '', 0);
    send(all, 'waits', 3);
    box.flush();
    expect(written()).toEqual(['waits, sent']);
  });

  test('is not confused with the previous one, whose delivery was settled before', () => {
    const all = build();
    all.box.settled(7, 7);
    send(all, 'waits', 7);
    all.box.flush();
    expect(all.written()).toEqual(['waits, sent']);
  });

  test('is one of many that are settled together; settling records that were not written writes nothing', () => {
    const all = build();
    const { box, clock, written } = all;
    for (const delivery of [1, 2, 3, 4]) send(all, `${delivery}`, delivery);
    box.flush();
    expect(clock.pendingTimers).toBe(1);
    box.settled(5, 9);
    expect(clock.pendingTimers).toBe(1);
    box.settled(2, 3);
    expect(clock.pendingTimers).toBe(2);
    box.flush();
    expect(written()).toEqual(['1, sent', '4, sent']);
    box.settled(0, 4);
    box.flush();
    expect(written()).toEqual([]);
  });
});

describe('the end', () => {
  const files = () => readdirSync(directory).filter((name) => name.endsWith('.box'));

  test('of a processor that has delivered everything leaves no file, no listener and no timer', () => {
    const { box, clock, hold, listeners, release } = build();
    expect([files().length, listeners()]).toEqual([1, 2]);
    hold('1');
    const [one] = release('a');
    box.sending();
    box.sent(one!.record, one!.number, 1, 'burst 1', 1);
    box.settled(1, 1);
    hold('held');
    box.close(true);
    expect([files(), listeners(), clock.pendingTimers, warnings]).toEqual([[], 0, 0, []]);
  });

  test.each<[string, boolean, (all: ReturnType<typeof build>) => void]>([
    ['was not clean', false, () => {}],
    [
      'left a record that was written',
      true,
      ({ box, release, hold }) => {
        hold('kept');
        const [one] = release('a');
        box.sent(one!.record, one!.number, 1, 'burst 1', 1);
      },
    ],
    [
      'left a record that was not written yet',
      true,
      ({ box }) => {
        box.sent(aRecord('kept'), 0, 1, '', 0);
      },
    ],
  ])('of a processor that %s keeps its file, with the reason', (_what, isClean, before) => {
    const all = build();
    const { box, clock, listeners, words, written } = all;
    before(all);
    box.close(isClean);
    expect(words()).toEqual([['shutdown() ended before everything was delivered', false]]);
    expect(written()).toEqual(isClean ? ['kept, sent'] : []);
    expect([files().length, listeners(), clock.pendingTimers]).toEqual([1, 0, 0]);
  });

  test('of the process with code 0 keeps no file: held records are discarded', () => {
    const { exit, hold, listeners, clock } = build();
    hold('held');
    clock.advance(DUE_MILLIS);
    hold('not written yet');
    exit(0);
    expect([files(), listeners(), clock.pendingTimers]).toEqual([[], 0, 0]);
  });

  test('of the process with code 0 keeps undelivered records, and no held ones', () => {
    const { box, exit, hold, words, written, clock } = build();
    hold('held');
    clock.advance(DUE_MILLIS);
    box.sent(aRecord('loud'), 0, 1, '', 0);
    exit(0);
    expect([written(), words()]).toEqual([['loud, sent'], [['exit code 0', false]]]);
  });

  test('of the process with another code keeps everything, also what was not written yet', () => {
    const { box, exit, hold, listeners, words, written, clock } = build();
    hold('held');
    box.sent(aRecord('loud'), 0, 1, '', 0);
    exit(3);
    expect([written(), words()]).toEqual([['held', 'loud, sent'], [['exit code 3', true]]]);
    expect([listeners(), clock.pendingTimers]).toEqual([0, 0]);
  });

  test('by an exception is written when it is thrown, with its stack', () => {
    const { contents, fail, hold, words, written } = build();
    hold('before it');
    fail(new RangeError('too far'));
    expect([written(), words()]).toEqual([
      ['before it'],
      [['uncaught exception: RangeError: too far', true]],
    ]);
    expect(contents().lastWords[0]!.stack).toContain('black-box.test.ts');
  });

  test.each([
    [{ kind: 'signal', signal: 'SIGTERM' } as const, ['signal SIGTERM', false]],
    [{ kind: 'unhandledRejection', error: 'lost' } as const, ['unhandled rejection: lost', true]],
  ])('that is announced as %j is written at once', (ending, expected) => {
    const { box, hold, words, written } = build();
    hold('before it');
    box.lastWords(ending);
    expect([written(), words()]).toEqual([['before it'], [expected]]);
  });

  test('is final: nothing is written and no timer is set afterwards', () => {
    const { box, clock, contents, hold, release } = build();
    hold('1');
    clock.advance(DUE_MILLIS);
    box.close(false);
    const { lastFrame } = contents();
    hold('2');
    hold('3', 'b');
    release('a');
    box.resumed('a');
    box.ended('a');
    box.emptied('b');
    box.sending();
    box.sent(aRecord('4'), 0, 7, '', 0);
    box.settled(7, 7);
    box.flush();
    clock.advance(60_000);
    expect([contents().lastFrame, clock.pendingTimers]).toEqual([lastFrame, 0]);
  });

  test('may occur twice', () => {
    const { box } = build();
    box.close(false);
    box.close(true);
    expect(warnings).toEqual([]);
  });
});

describe('its file', () => {
  test('contains the bounds of the process as finite numbers, even if there is no bound', () => {
    const { contents } = build({ capacity: Number.POSITIVE_INFINITY });
    expect(contents().header).toMatchObject({
      ...{ service: 'shop', flushMillis: FLUSH_MILLIS },
      ...{ capacity: Number.MAX_SAFE_INTEGER, maxAgeMillis: Number.MAX_SAFE_INTEGER },
    });
    rmSync(directory, { recursive: true });
    expect(build({ capacity: 7 }).contents().header.capacity).toBe(7);
  });

  test('has vital signs once a second, with the number of held records, and pending entries are written with them', () => {
    const { clock, contents, hold } = build();
    hold('1');
    hold('2');
    clock.advance(999);
    expect(contents().signs).toEqual([]);
    clock.advance(1);
    clock.advance(1_000);
    expect(contents().signs.map(({ holding }) => holding)).toEqual([2, 2]);
  });

  test('that is removed ends the box, with one warning, and the process continues', () => {
    const { box, clock, hold, release } = build();
    rmSync(box.path);
    clock.advance(1_000);
    expect(box.hasFailed).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('failed; the process continues without it')]);
    hold('1');
    release('a');
    box.sent(aRecord('2'), 0, 1, '', 0);
    clock.advance(60_000);
    expect([clock.pendingTimers, warnings.length, existsSync(box.path)]).toEqual([0, 1, false]);
  });

  test('that failed for a while is removed by a clean end; records sent in the meantime are not awaited', () => {
    const { box, clock } = build();
    truncateSync(box.path, 10);
    clock.advance(1_000);
    expect(box.hasFailed).toBe(true);
    box.sending();
    box.sent(aRecord('delivered by nobody'), 0, 1, '', 0);
    box.close(true);
    expect(existsSync(box.path)).toBe(false);
  });

  test('that cannot be created is logged, and there is no box', () => {
    const taken = join(directory, 'taken');
    writeFileSync(taken, '');
    const options = completeBoxOptions({
      ...{ directory: join(taken, 'boxes'), bytes: 2 ** 20, flushMillis: 10, exclude: [], redact: [] },
      ...{ watch: false, hangMillis: 5_000, service: 'shop', maxFiles: 20 },
      ...{ maxTotalBytes: 2 ** 26, maxAgeMillis: 1e9 },
    });
    const bounds = { capacity: 1, maxAgeMillis: 1 } as Parameters<typeof openBlackBox>[1]['bounds'];
    const front = { readable: () => aRecord(''), hasEnded: () => false, holding: () => 0 };
    const before = process.listenerCount('exit');
    expect(
      openBlackBox('test', { blackBox: options, bounds, clock: new ManualClock() }, front),
    ).toBeUndefined();
    expect(warnings.at(-1)).toMatch(
      /^test: cannot create a black box in .*taken\/boxes: Error: ENOTDIR.*; the process runs without one$/,
    );
    expect(process.listenerCount('exit')).toBe(before);
  });
});
