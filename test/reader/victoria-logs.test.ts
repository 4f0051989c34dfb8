import { decodeJsonLogs, encodeDecoded, type LogGroup } from '../../src/otlp/index.ts';
import { compileCondition } from '../../src/ottl/index.ts';
import {
  collect,
  type Found,
  findTaskRows,
  isNotice,
  type RecordQuery,
  storyOfLast,
  VictoriaLogsSource,
} from '../../src/reader/index.ts';
import { bodyText } from '../../src/text/index.ts';
import { buildTrees, lines, type TreeRecord, treeRecords } from '../../src/tree/index.ts';
import { describeWithVictoriaLogs, VictoriaLogs } from '../support/victoria-logs-process.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { failedCheckout, record, TRACE } from '../tree/story.ts';

/**
 * The stories of the tree tests with current times: VictoriaLogs refuses records older than its retention.
 */
const shift = Math.floor(Date.now() / 1e3) - 60 - failedCheckout()[0]!.seconds;
const now = (each: TreeRecord): TreeRecord => ({ ...each, seconds: each.seconds + shift });
const none = { traceId: '', attributes: {} };
const quiet = Array.from({ length: 50 }, (_, at) =>
  now(
    record({ ...none, at: 20_000 + at, body: `quiet ${at}`, attributes: { even: at % 2 === 0, number: at } }),
  ),
);
const checkout = failedCheckout().map(now);

describeWithVictoriaLogs('a real VictoriaLogs', () => {
  const victoriaLogs = new VictoriaLogs();
  const signal = new AbortController().signal;
  let url: URL;
  let source: VictoriaLogsSource;

  const send = async (records: readonly TreeRecord[]) => {
    const response = await fetch(new URL('/insert/opentelemetry/v1/logs', url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: encodeDecoded(decodeJsonLogs(otlpLine(...records))),
    });
    expect(response.status).toBe(200);
    await fetch(new URL('/internal/force_flush', url));
  };

  beforeAll(async () => {
    url = await victoriaLogs.start();
    source = new VictoriaLogsSource({ name: 'VictoriaLogs', url });
    await send([...checkout, ...quiet]);
  });

  afterAll(() => victoriaLogs.stop());

  const found = async (query: RecordQuery) => {
    const bodies: string[] = [];
    for await (const each of source.find(query, signal)) {
      bodies.push(...(isNotice(each) ? [each.notice] : each.records.map(bodyText)));
    }
    return bodies;
  };

  test('returns what was sent: the tree is the same', async () => {
    const records = await collect(
      source,
      { traceId: TRACE, limit: Number.POSITIVE_INFINITY },
      () => {},
      signal,
    );
    const sent = [...checkout].filter(({ traceId }) => traceId === TRACE);
    expect([...lines(buildTrees(records))]).toEqual([...lines(buildTrees(sent))]);
    expect(await collect(source, { traceId: TRACE.slice(0, 8), limit: 100 }, () => {}, signal)).toHaveLength(
      records.length,
    );
  });

  test('finds the last failure and the failed tasks', async () => {
    const query = await storyOfLast(source, 'failures', {}, () => {}, signal);
    expect(query).toMatchObject({ traceId: TRACE });
    const rowsOf = (failed: boolean, slowSeconds?: number) =>
      findTaskRows(source, {}, { failed, running: false, slowSeconds }, 50, () => {}, signal);
    const rows = await rowsOf(true);
    expect(rows.map((row) => row.path)).toEqual([['checkout', 'reserve stock', 'ask warehouse']]);
    expect((await rowsOf(false, 0.42)).map((row) => row.path.at(-1))).toEqual(['reserve stock', 'checkout']);
    expect(await rowsOf(false)).toHaveLength(8);
  });

  test('the newest and the oldest, by words, time and condition, and whether there are more', async () => {
    expect(await found({ words: 'QUIET', limit: 2, order: 'newest' })).toEqual([
      'quiet 49',
      'quiet 48',
      'more',
    ]);
    expect(await found({ words: 'quiet', limit: 2, order: 'oldest' })).toEqual([
      'quiet 0',
      'quiet 1',
      'more',
    ]);
    expect(await found({ words: 'quiet 7', limit: 2, order: 'oldest' })).toEqual(['quiet 7']);
    expect(await found({ words: '"; | delete', limit: 2 })).toEqual([]);
    const when = compileCondition('attributes["number"] >= 45 and attributes["even"] == true');
    expect(await found({ when, limit: 9, order: 'oldest' })).toEqual(['quiet 46', 'quiet 48']);
    const { seconds, nanos } = quiet[10]!;
    const fromNanos = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    const between = { words: 'quiet', fromNanos, toNanos: fromNanos + 2_000_000n };
    expect(await found({ ...between, limit: 9, order: 'oldest' })).toEqual(['quiet 10', 'quiet 11']);
    expect(await source.count(between, signal)).toEqual({ records: 2, atLeast: false });
    expect(await source.count({ when }, signal)).toEqual({ records: 2, atLeast: false });
  });

  test('shows new records', async () => {
    const stop = new AbortController();
    const seen: LogGroup[] = [];
    const tail = (async () => {
      for await (const each of source.tail({ words: 'live' }, stop.signal)) {
        if (!isNotice(each as Found)) seen.push(each as LogGroup);
        stop.abort();
      }
    })();
    const timer = setInterval(() => {
      const seconds = Math.floor(Date.now() / 1e3);
      void send([{ ...record({ ...none, body: 'live record' }), seconds }]).catch(() => {});
    }, 300);
    await tail;
    clearInterval(timer);
    const [first] = seen.flatMap((group) => [...treeRecords(group)]);
    expect(first).toMatchObject({ body: 'live record', service: 'shop', scope: 'test', severity: 9 });
  });

  test('an error of the query is reported', async () => {
    const broken = new VictoriaLogsSource({ name: 'v', url: new URL('/nowhere', url) });
    await expect(collect(broken, { limit: 1 }, () => {}, signal)).rejects.toMatchObject({
      name: 'ReaderError',
    });
  });
});
