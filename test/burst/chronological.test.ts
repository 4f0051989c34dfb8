import { expectAccountsBalance, FRONTS, pipelineOf } from '../support/pipeline.ts';

describe.each(FRONTS)('%s', (front) => {
  const pipeline = pipelineOf(front);

  /** The options with which the behaviour is that of BurstLogging. */
  const burstLogging = {
    order: 'chronological',
    after: false,
    limit: false,
    threshold: 0.8,
    maxDelayMillis: Number.POSITIVE_INFINITY,
    maxAgeMillis: Number.POSITIVE_INFINITY,
  } as const;

  describe('chronological order', () => {
    test('loud records wait in the queue, and the trigger is the last record of its burst', async () => {
      const { log, burst, exported } = pipeline({ order: 'chronological' });
      log('DEBUG', '1');
      log('INFO', '2');
      log('DEBUG', '3');
      log('ERROR', '4');
      await burst.forceFlush();
      expect(exported().map((record) => record.body)).toEqual([
        '1',
        '2',
        '3',
        '4',
        'burst released 2 records (severity), 0 lost',
      ]);
    });

    test('quiet records of a burst have id and sequence, loud ones that were sent with them do not', async () => {
      const { log, find } = pipeline({ order: 'chronological' });
      log('DEBUG', 'quiet');
      log('INFO', 'loud');
      log('ERROR', 'failed');
      const id = (await find('failed')).attributes['burst.id'];
      expect((await find('quiet')).attributes).toEqual({ 'burst.id': id, 'burst.sequence': 1 });
      expect((await find('loud')).attributes).toEqual({});
    });

    test('a manual burst releases the queue; another one in its after-window joins it', async () => {
      const { log, burst, bodies, manifests } = pipeline({ order: 'chronological' });
      log('DEBUG', '1');
      expect(burst.burst()).toEqual({ id: expect.any(String), released: 1 });
      log('DEBUG', '2');
      expect(burst.burst()).toBeUndefined();
      expect(burst.stats()).toMatchObject({ joined: 1 });
      expect(await bodies()).toEqual(['1', '2']);
      expect(await manifests()).toHaveLength(1);
    });

    test('a full queue sends loud records and evicts quiet ones, in order', async () => {
      const { log, bodies, burst, exported, clock } = pipeline({ order: 'chronological', capacity: 5 });
      log('INFO', 'loud');
      for (const body of ['1', '2', '3', '4']) log('DEBUG', body);
      expect(burst.stats()).toMatchObject({ holding: 4, pending: 1 });
      log('DEBUG', '5');
      expect(burst.stats()).toMatchObject({ holding: 4, evicted: { capacity: 1 }, pending: 1 });
      clock.advance(0);
      expect(exported()).toEqual([]);
      expect(await bodies()).toEqual(['loud']);
    });

    test('a loud record waits at most maxDelayMillis; older quiet ones are then discarded', async () => {
      const { log, burst, bodies, clock } = pipeline({ order: 'chronological', maxDelayMillis: 1_000 });
      log('DEBUG', 'older');
      log('INFO', 'due');
      clock.advance(500);
      log('DEBUG', 'between');
      log('INFO', 'not due');
      clock.advance(500);
      expect(burst.stats()).toMatchObject({ discarded: 1, holding: 1 });
      clock.advance(500);
      expect(burst.stats()).toMatchObject({ discarded: 2, holding: 0 });
      expect(await bodies()).toEqual(['due', 'not due']);
    });

    test('forceFlush sends all loud records and keeps the quiet ones after the last of them', async () => {
      const { log, burst, bodies } = pipeline({ order: 'chronological' });
      log('DEBUG', 'older');
      log('INFO', 'loud');
      log('DEBUG', 'newer');
      expect(await bodies()).toEqual(['loud']);
      expect(burst.stats()).toMatchObject({ discarded: 1, holding: 1 });
      log('ERROR', 'failed');
      expect(await bodies()).toEqual(['loud', 'newer', 'failed']);
    });

    test('shutdown sends loud records in order', async () => {
      const { log, burst, exporter } = pipeline({ order: 'chronological' });
      const exported: unknown[] = [];
      exporter.export = (records, callback) => {
        exported.push(...records.map((record) => record.body));
        callback({ code: 0 });
      };
      for (const [severity, body] of [
        ['DEBUG', '1'],
        ['INFO', '2'],
        ['DEBUG', '3'],
        ['WARN', '4'],
        ['DEBUG', '5'],
      ] as const) {
        log(severity, body);
      }
      await burst.shutdown();
      expect(exported).toEqual(['2', '4']);
      expect(burst.stats()).toMatchObject({ discarded: 2, evicted: { shutdown: 1 }, holding: 0, pending: 0 });
      expectAccountsBalance(burst.stats());
    });

    test('live records queue behind a replay', async () => {
      const { log, bodies } = pipeline({ order: 'chronological', replayBatch: 2, capacity: 100 });
      for (let count = 1; count <= 20; count += 1) log('DEBUG', count);
      log('ERROR', 'failed');
      log('INFO', 'live');
      log('DEBUG', 'passed');
      log('ERROR', 'again');
      expect(await bodies()).toEqual([
        ...Array.from({ length: 20 }, (_, at) => at + 1),
        'failed',
        'live',
        'passed',
        'again',
      ]);
    });

    test('a window that has closed stays closed when the clock is set back: no record overtakes another', async () => {
      const { log, bodies, clock, burst } = pipeline({ order: 'chronological', after: { millis: 1_000 } });
      const now = clock.now.bind(clock);
      let setBack = 0;
      clock.now = () => now() - setBack;
      log('ERROR', 'failed');
      clock.advance(1_000);
      log('INFO', 'first');
      setBack = 5;
      log('INFO', 'second');
      expect(await bodies()).toEqual(['failed', 'first', 'second']);
      expectAccountsBalance(burst.stats());
    });

    test('discard discards quiet records and keeps loud ones', async () => {
      const { log, burst, bodies } = pipeline({ order: 'chronological' });
      log('DEBUG', 'quiet');
      log('INFO', 'loud');
      expect(burst.discard()).toBe(1);
      expect(await bodies()).toEqual(['loud']);
    });

    test('over maxBytes the oldest records are removed: quiet ones are evicted, loud ones sent', async () => {
      const { log, burst, bodies } = pipeline({
        order: 'chronological',
        maxBytes: 8_000,
        maxRecordBytes: 4_000,
      });
      log('DEBUG', 'quiet');
      log('INFO', 'loud');
      for (let count = 0; count < 4; count += 1) log('DEBUG', 'x'.repeat(1_000));
      expect(burst.stats().evicted.bytes).toBeGreaterThanOrEqual(2);
      expect(await bodies()).toEqual(['loud']);
      expectAccountsBalance(burst.stats());
    });
  });

  /** BurstLogging's handler, from its documentation: append; burst and clear on a trigger, else trim. */
  function burstLoggingModel(capacity: number) {
    const threshold = Math.floor(capacity * 0.8);
    let row: { level: number; body: number }[] = [];
    const out: number[] = [];
    return {
      out,
      emit(level: number, body: number) {
        row.push({ level, body });
        if (level >= 17) {
          out.push(...row.map((record) => record.body));
          row = [];
        } else if (row.length > capacity) {
          for (const record of row.splice(0, row.length - threshold))
            if (record.level >= 9) out.push(record.body);
        }
      },
      flush() {
        for (const record of row) if (record.level >= 9) out.push(record.body);
        row = [];
      },
    };
  }

  test('with its settings it exports the same records as BurstLogging, in the same order', async () => {
    const { log, bodies } = pipeline({ ...burstLogging, capacity: 10 });
    const model = burstLoggingModel(10);
    // A fixed sequence that looks random: mostly quiet, some loud, few errors.
    let state = 1;
    for (let body = 0; body < 5_000; body += 1) {
      state = (state * 48_271) % 2_147_483_647;
      const level = state % 100 < 80 ? 5 : state % 100 < 98 ? 9 : 17;
      log(level, body);
      model.emit(level, body);
    }
    model.flush();
    expect(await bodies()).toEqual(model.out);
  });
});
