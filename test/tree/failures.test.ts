import { buildTrees, Failures, findTasks, lines, type TreeRecord } from '../../src/tree/index.ts';
import { ERROR, passedOn, record, TaskStory } from './story.ts';

const error = (message: string, stack = '') => ({
  'exception.type': 'Error',
  'exception.message': message,
  ...(stack === '' ? {} : { 'exception.stacktrace': `Error: ${message}\n    at ${stack} (a.js:1:1)` }),
});

function failuresOf(...stories: readonly TaskStory[]) {
  const trees = buildTrees(stories.flatMap(({ records }) => records));
  return { failures: new Failures(trees), task: (name: string) => findTasks(trees, name)[0]! };
}

test('the task that the end names is the inner one, however far inside', () => {
  const { failures, task } = failuresOf(
    new TaskStory('a', 'outer').start(0).fail(9, 1, passedOn('c')),
    new TaskStory('b', 'middle', { parent: 'a' }).start(1).succeed(8, 1),
    new TaskStory('c', 'inner', { parent: 'b' }).start(2).fail(3, 1, ERROR),
  );
  expect(failures.innerOf(task('outer'))).toBe(task('inner'));
  expect(failures.causeOf(task('outer'))).toMatchObject({ task: task('inner'), beyond: '' });
  expect(failures.isShownInside(task('outer'))).toBe(true);
  expect(failures.beganIn(task('outer'))).toBe(false);
  expect(failures.beganIn(task('inner'))).toBe(true);
  expect(failures.beganIn(task('middle'))).toBe(false);
});

test('a named task that is not inside is not followed, and is reported as beyond', () => {
  const { failures, task } = failuresOf(
    new TaskStory('a', 'one').start(0).fail(1, 1, passedOn('b')),
    new TaskStory('b', 'other').start(2).fail(3, 1, ERROR),
  );
  expect(failures.innerOf(task('one'))).toBeUndefined();
  expect(failures.causeOf(task('one'))).toMatchObject({ task: task('one'), beyond: 'b' });
  expect(failures.isShownInside(task('one'))).toBe(false);
});

test('a task that names itself is its own cause', () => {
  const { failures, task } = failuresOf(new TaskStory('a', 'one').start(0).fail(1, 1, passedOn('a')));
  expect(failures.causeOf(task('one'))).toMatchObject({ task: task('one'), beyond: 'a' });
});

test('tasks that fail with the same stack are one failure, which began in the last one inside', () => {
  const { failures, task } = failuresOf(
    new TaskStory('a', 'outer').start(0).fail(9, 1, ERROR),
    new TaskStory('b', 'span', { parent: 'a' }).start(1).fail(8, 1, ERROR),
    new TaskStory('c', 'inner', { parent: 'b' }).start(2).fail(3, 1, ERROR),
    new TaskStory('d', 'beside').start(20).fail(21, 1, ERROR),
  );
  for (const name of ['outer', 'span']) expect(failures.innerOf(task(name))).toBe(task('inner'));
  expect(failures.innerOf(task('inner'))).toBeUndefined();
  expect(failures.innerOf(task('beside'))).toBeUndefined();
  expect(failures.isShownInside(task('span'))).toBe(true);
});

test('an error with a different stack did not come from a child of the same process', () => {
  const child = { parent: 'a' };
  const own = error('mine', 'outer');
  const same = failuresOf(
    new TaskStory('a', 'outer').start(0).fail(9, 1, own),
    new TaskStory('b', 'child', child).start(1).fail(2, 1, error('theirs', 'child')),
  );
  expect(same.failures.innerOf(same.task('outer'))).toBeUndefined();
  for (const other of [{ service: 'stock' }, { process: 'host/2' }]) {
    const { failures, task } = failuresOf(
      new TaskStory('a', 'outer').start(0).fail(9, 1, own),
      new TaskStory('b', 'child', { ...child, ...other }).start(1).fail(2, 1, error('theirs', 'child')),
    );
    expect(failures.innerOf(task('outer'))).toBe(task('child'));
  }
  const { failures, task } = failuresOf(
    new TaskStory('a', 'outer').start(0).fail(9, 1, error('no stack')),
    new TaskStory('b', 'child', child).start(1).fail(2, 1, error('theirs', 'child')),
  );
  expect(failures.innerOf(task('outer'))).toBe(task('child'));
});

test('of several children that failed the last one is followed, and one that succeeded never', () => {
  const { failures, task } = failuresOf(
    new TaskStory('a', 'outer').start(0).fail(9, 1, error('x')),
    new TaskStory('b', 'first', { parent: 'a' }).start(1).fail(2, 1, error('1')),
    new TaskStory('c', 'second', { parent: 'a' }).start(3).fail(4, 1, error('2')),
    new TaskStory('d', 'third', { parent: 'a' }).start(5).succeed(6, 1),
  );
  expect(failures.innerOf(task('outer'))).toBe(task('second'));
  expect(failures.innerOf(task('third'))).toBeUndefined();
  expect(failures.of(task('outer')).map((each) => each.task.name)).toEqual(['second', 'first']);
});

test('a tree that succeeded has the failures inside it', () => {
  const { failures, task } = failuresOf(
    new TaskStory('a', 'outer').start(0).succeed(9, 1),
    new TaskStory('b', 'inner', { parent: 'a' }).start(1).fail(2, 1, error('x')),
    new TaskStory('c', 'fine').start(20).succeed(21, 1),
  );
  expect(failures.of(task('outer')).map((each) => each.task.name)).toEqual(['inner']);
  expect(failures.of(task('fine'))).toEqual([]);
});

test('the reason of a failed end without a text is the last error that the task logged', () => {
  const silent = { eventName: 'task.failed', severity: 17 };
  const reason = (...said: readonly Partial<TreeRecord>[]) => {
    const story = new TaskStory('a', 'job').start(0);
    for (const [at, each] of said.entries()) story.say(at + 1, each.body ?? '', each);
    const { failures, task } = failuresOf(story.say(9, 'job failed', silent));
    return failures.causeOf(task('job')).reason;
  };
  expect(reason({ body: 'first', severity: 17 }, { body: 'last', severity: 17 })).toBe('last');
  expect(reason({ body: 'bad', severity: 17, attributes: error('why') })).toBe('Error: why');
  expect(reason({ body: 'only a warning', severity: 16 })).toBe('');
  expect(reason()).toBe('');
});

describe('the facts of a tree', () => {
  const factsOf = (...stories: readonly TaskStory[]) =>
    [...lines(buildTrees(stories.flatMap(({ records }) => records)), { unfold: 'none' })].slice(2);

  test('name two failures, and count the others', () => {
    const failed = (count: number) => [
      new TaskStory('a', 'all').start(0).succeed(90, 1),
      ...Array.from({ length: count }, (_, at) =>
        new TaskStory(`c${at}`, `step ${at}`, { parent: 'a' }).start(at + 1).fail(at + 1, 1, error(`${at}`)),
      ),
    ];
    expect(factsOf(...failed(2))).toEqual([
      '│ failed inside: all › step 0',
      '│ cause: Error: 0',
      '│ also failed: all › step 1',
      '│ cause: Error: 1',
      '│ tasks: ✔ 1 ✘ 2',
    ]);
    expect(factsOf(...failed(3))[4]).toBe('│ and 1 more failure, see below');
    expect(factsOf(...failed(5))[4]).toBe('│ and 3 more failures, see below');
  });

  test('show the path to the failure; a long one is shortened in the middle', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, at) =>
        new TaskStory(`t${at}`, `n${at}`, at === 0 ? {} : { parent: `t${at - 1}` })
          .start(at)
          .fail(50 - at, 1, at === length - 1 ? ERROR : passedOn(`t${length - 1}`)),
      );
    expect(factsOf(...chain(1))[0]).toMatch(/^│ cause: /);
    expect(factsOf(...chain(8))[0]).toBe('│ failed: n0 › n1 › n2 › n3 › n4 › n5 › n6 › n7');
    expect(factsOf(...chain(9))[0]).toBe('│ failed: n0 › n1 › n2 › n3 › (1 more) › n5 › n6 › n7 › n8');
  });

  test('omit expected failures, and omit counts for a single task', () => {
    expect(
      factsOf(
        new TaskStory('a', 'outer').start(0).fail(9, 1, error('real')),
        new TaskStory('b', 'expected', { parent: 'a', process: 'host/2' })
          .start(1)
          .fail(2, 1, error('handled'), { severity: 13 })
          .say(3, 'x'),
        new TaskStory('c', 'later', { parent: 'a' }).start(4).fail(5, 1, error('cause')),
      ),
    ).toEqual(['│ failed: outer › later', '│ cause: Error: cause', '│ tasks: ✘ 2 ~ 1']);
    expect(factsOf(new TaskStory('a', 'alone').start(0).fail(1, 1, error('x')))).toEqual([
      '│ cause: Error: x',
    ]);
  });

  test('say "none" for a tree without a trace', () => {
    const job = new TaskStory('a', 'job', { traceId: '' }).start(0).fail(1, 1, error('x'));
    expect([...lines(buildTrees(job.records))][1]).toBe(
      '│ 2026-11-21 06:12:36.000 UTC  trace none  1 task, 2 records',
    );
  });
});

describe('why a task failed', () => {
  const causes = (attributes: object, body = 'job failed: nothing') => {
    const story = new TaskStory('a', 'job').start(0).fail(1, 1, { ...attributes }, { body });
    return [...lines(buildTrees(story.records), { unfold: 'none' })].slice(2);
  };

  test.each<[string, object, string, string]>([
    ['type and message', { 'exception.type': 'E', 'exception.message': 'm' }, 'job', 'E: m'],
    [
      'a message that begins with its type',
      { 'exception.type': 'E', 'exception.message': 'E 5' },
      'job',
      'E 5',
    ],
    ['a type alone', { 'exception.type': 'E' }, 'job', 'E'],
    ['error.type in place of exception.type', { 'error.type': 'timeout' }, 'job', 'timeout'],
    ['exception.type before error.type', { 'exception.type': 'E', 'error.type': 'timeout' }, 'job', 'E'],
    ['no type of an error', { 'error.type': '_OTHER', 'exception.message': 'm' }, 'job', 'm'],
    ['a stack alone', { 'exception.stacktrace': 'Oops: it\n    at a' }, 'job', 'Oops: it'],
    ['a type that is no text', { 'exception.type': 7, 'exception.message': 'm' }, 'job', 'm'],
    ['what fail() said', {}, 'job failed: the disk is full', 'the disk is full'],
    [
      'what fail() said, with the error',
      { 'exception.message': 'ENOSPC' },
      'job failed: no room',
      'no room (ENOSPC)',
    ],
    ['the error once', { 'exception.message': 'ENOSPC' }, 'job failed: ENOSPC: no room', 'ENOSPC: no room'],
    ['another text', {}, 'gave up', 'gave up'],
    ['the text of a goal with something behind it', {}, 'job failed badly', 'job failed badly'],
  ])('%s', (_what, attributes, body, reason) => {
    expect(causes(attributes, body)).toEqual([`│ cause: ${reason}`]);
  });

  test('is empty if the end only repeats goal and outcome', () => {
    expect(causes({}, 'job failed')).toEqual([]);
    expect(causes({}, 'job')).toEqual([]);
  });

  test('is cut to 500 characters', () => {
    const [line] = causes({}, `job failed: ${'x'.repeat(600)}`);
    expect(line).toBe(`│ cause: ${'x'.repeat(499)}…`);
  });

  test('omits the goal with its data, which the start contains', () => {
    const start = new TaskStory('a', 'charge %d').say(0, 'charge 42', { eventName: 'task.started' });
    const end = { eventName: 'task.failed', severity: 17 };
    const reasonAt = (body: string) => {
      const trees = buildTrees([
        ...start.records,
        new TaskStory('a', 'charge %d').hold().say(1, body, end).records[0]!,
      ]);
      return new Failures(trees).causeOf(findTasks(trees, 'charge %d')[0]!).reason;
    };
    expect(reasonAt('charge 42 failed: declined')).toBe('declined');
    expect(reasonAt('charge %d failed: declined')).toBe('declined');
    expect(reasonAt('charge 43 failed: declined')).toBe('charge 43 failed: declined');
  });
});

test('the reason of a Python distlog task omits the word FAILED and the goal', () => {
  const of = (at: number, body: string, severity: number, more: object = {}) =>
    record({
      at,
      body,
      severity,
      attributes: { 'task.id': 'a', 'task.sequence': at + 1, 'distlog.key': 'k', ...more },
    });
  const trees = buildTrees([
    of(0, 'charge', 9, { 'task.name': 'charge' }),
    of(1, 'FAILED charge', 17),
    of(2, 'FAILED later', 17),
  ]);
  const task = findTasks(trees, 'charge')[0]!;
  expect(task.end?.body).toBe('FAILED charge');
  expect(new Failures(trees).causeOf(task)).toMatchObject({ reason: 'FAILED later', beyond: '' });
});
