import { buildTrees, type LinesOptions, lines, onlyFailed, type TreeRecord } from '../../src/tree/index.ts';
import { ERROR, type Given, record, TaskStory, TRACE } from './story.ts';

function shown(records: Iterable<TreeRecord>, options?: LinesOptions): string[] {
  return [...lines(buildTrees(records), options)];
}

const saved = (more: Given['attributes'] = {}) => ({ 'burst.id': 'b1', ...more });

/** What a burst processor writes at the end of a burst. */
function manifest(at: number, more: Given = {}): TreeRecord {
  return record({
    at,
    eventName: 'burst.released',
    body: 'burst released 2 records (severity), 1 lost',
    attributes: { 'burst.id': 'b1', 'burst.released': 2 },
    scope: 'burstlog',
    ...more,
  });
}

/** A request of an application without tasks. */
const request = () => [
  record({ at: 2, body: 'cart loaded', severity: 5, attributes: saved({ items: 3 }) }),
  record({ at: 1, body: 'GET /checkout', severity: 5, attributes: saved() }),
  record({ at: 4, body: 'payment refused', severity: 17, attributes: { 'burst.id': 'b1', amount: 42 } }),
  manifest(5),
];

describe('a trace without tasks', () => {
  test('that burst is a failure, and shows everything that the burst released', () => {
    expect(shown(request())).toEqual([
      `✘ trace ${TRACE}  · shop`,
      '│ 2026-11-21 06:12:36.001 UTC  3 records',
      '│ ⇡ burst released 2 records (severity), 1 lost  · shop  id b1',
      '│ cause: payment refused',
      '│ 06:12:36.001 DEBUG GET /checkout',
      '│ 06:12:36.002 DEBUG cart loaded  items=3',
      '│ 06:12:36.004 ERROR payment refused  amount=42',
    ]);
  });

  test('shows released records of the same millisecond in burst order, before the trigger', () => {
    const released = ['looking up', 'cache miss', 'a retry'].map((body, index) =>
      record({ at: 1, body, severity: 5, attributes: saved({ 'burst.sequence': index + 1 }) }),
    );
    const trigger = record({ at: 1, body: 'failed', severity: 17, attributes: saved() });
    const bodies = shown([trigger, ...released.toReversed(), manifest(2)]).slice(-4);
    expect(bodies.map((line) => line.replace(/^│ [\d:.]+ /, ''))).toEqual([
      'DEBUG looking up',
      'DEBUG cache miss',
      'DEBUG a retry',
      'ERROR failed',
    ]);
  });

  test('with an ERROR and no burst is a failure too, and so is a burst without an ERROR', () => {
    const error = record({ body: 'broken', severity: 17, attributes: ERROR });
    expect(shown([error]).slice(0, 3)).toEqual([
      `✘ trace ${TRACE}  · shop`,
      '│ 2026-11-21 06:12:36.000 UTC  1 record',
      "│ cause: broken (TypeError: Cannot read properties of undefined (reading 'sku'))",
    ]);
    const slow = [record({ body: 'slow', severity: 5, attributes: saved() }), manifest(1)];
    expect(shown(slow)).toEqual([
      `✘ trace ${TRACE}  · shop`,
      expect.anything(),
      '│ ⇡ burst released 2 records (severity), 1 lost  · shop  id b1',
      '│ 06:12:36.000 DEBUG slow',
    ]);
    // A burst whose records are stored elsewhere.
    expect(shown([manifest(1)])).toHaveLength(3);
  });

  test('is among those that failed', () => {
    const good = record({ traceId: 'c'.repeat(32), body: 'fine' });
    const trees = onlyFailed(buildTrees([...request(), good]));
    expect(trees.traces.map(({ traceId }) => traceId)).toEqual([TRACE]);
    expect([...lines(trees)]).toHaveLength(7);
  });

  test('that went well is counted with its neighbors', () => {
    const quiet = (from: number) =>
      Array.from({ length: 40 }, (_, at) =>
        record({ at: from + at, traceId: (from + at).toString(16).padStart(32, '0'), body: 'x' }),
      );
    expect(
      shown([...quiet(100), ...request().map((each) => ({ ...each, nanos: 2e8 })), ...quiet(300)]),
    ).toEqual([
      '· 40 records of 40 traces without tasks folded',
      '',
      `✘ trace ${TRACE}  · shop`,
      ...new Array(6).fill(expect.anything()),
      '· 40 records of 40 traces without tasks folded',
    ]);
    expect(shown(quiet(1).slice(0, 1))).toEqual([
      '· 1 record without a task folded  trace 00000000000000000000000000000001',
    ]);
  });

  test('that is long is shown at its beginning and end, with everything that a burst released', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => record({ at, body: `step ${at}` }));
    many[500] = record({ at: 500, body: 'saved', severity: 5, attributes: saved() });
    many[999] = record({ at: 999, body: 'broken', severity: 17 });
    const text = shown(many);
    expect(text).toHaveLength(3 + 5 + 1 + 1 + 1 + 40);
    expect(text[9]).toBe('│ 06:12:36.500 DEBUG saved');
    expect(text[10]).toBe('│ · 459 records folded');
  });

  test('has its header and facts with unfold none, everything with unfold all', () => {
    expect(shown(request(), { unfold: 'none' })).toHaveLength(4);
    const quiet = record({ body: 'x', traceId: 'c'.repeat(32) });
    expect(shown([quiet], { unfold: 'all' })).toHaveLength(2);
    expect(shown([quiet], { unfold: 'none' })).toHaveLength(1);
  });
});

describe('a tree with a burst', () => {
  test('shows what the burst released, and does not count the manifest as a record without a task', () => {
    const job = new TaskStory('a', 'job').start(0).say(1, 'detail', { severity: 5, attributes: saved() });
    const text = shown([...job.fail(2, 1, ERROR).records, manifest(3)]);
    expect(text.slice(0, 4)).toEqual([
      '✘ job  1.00 s  · shop',
      `│ 2026-11-21 06:12:36.000 UTC  trace ${TRACE}  1 task, 3 records`,
      '│ ⇡ burst released 2 records (severity), 1 lost  · shop  id b1',
      "│ cause: TypeError: Cannot read properties of undefined (reading 'sku')",
    ]);
    expect(text.join('\n')).not.toMatch(/folded|without a task/);
  });

  test('never folds what the burst released, also in steps that succeeded and far from the failure', () => {
    const root = new TaskStory('a', 'job').start(0);
    const step = new TaskStory('b', 'step', { parent: 'a' })
      .start(1)
      .say(2, 'saved in step', { severity: 5, attributes: saved() })
      .say(3, 'not saved')
      .succeed(4, 0.001);
    const quiet = new TaskStory('c', 'other', { parent: 'a' }).start(5).say(6, 'quiet').succeed(7, 0.001);
    for (let at = 0; at < 100; at += 1) {
      root.say(10 + at, `saved ${at}`, { severity: 5, attributes: at === 50 ? saved() : {} });
    }
    const text = shown([
      ...root.fail(200, 1, ERROR).records,
      ...step.records,
      ...quiet.records,
      manifest(201),
    ]);
    expect(text).toEqual(
      expect.arrayContaining([
        '│ ✔ step  1.0 ms',
        '│ │ 06:12:36.002 DEBUG saved in step',
        '│ │ · 1 record folded',
        '│ ✔ other  1.0 ms  (3 records folded)',
        '│ 06:12:36.060 DEBUG saved 50',
      ]),
    );
  });

  test('shows copies of the manifest once', () => {
    const trees = buildTrees([...new TaskStory('a', 'job').start(0).records, manifest(3), manifest(3)]);
    expect(trees).toMatchObject({ copies: 1, records: 2 });
    expect(trees.traces[0]!.bursts).toHaveLength(1);
  });
});

test('an error whose burst was not released again names the complete burst', () => {
  const attributes = { 'burst.fingerprint': 'f', 'burst.repeat': 12, 'burst.last_id': 'b0' };
  expect(shown([record({ body: 'broken', severity: 17, attributes, traceId: '' })])[1]).toBe(
    '│ 06:12:36.000 ERROR broken  (number 12 of this error, see burst b0)',
  );
});
