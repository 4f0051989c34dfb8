import { Severity } from '../../src/record/severity.ts';
import { importTask, task, to } from '../../src/task/task-forms.ts';
import { listen } from '../support/diag-listener.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

// One test for each thing that is broken in the distlog of Python; the first is the tutorial's program at
// all.
let out: Registered;
beforeEach(() => {
  out = register();
});
afterEach(unregister);

const started = (name: string) =>
  out
    .records()
    .find(({ eventName, attributes }) => eventName === 'task.started' && attributes['task.name'] === name)!;

test('1: a program of a task, a step and a message runs to its end', () => {
  task('import', { file: 'a.csv' }, (job) => {
    to('read', () => out.log('10 lines'));
    job.success('imported');
  });
  expect(out.records().map(({ body }) => body)).toEqual([
    'import',
    'read',
    '10 lines',
    'read succeeded',
    'imported',
  ]);
});

test('2: the foreign id of any task identifies the task itself, and a task that continues it is its child', () => {
  task('outer', (outer) => {
    expect(outer.foreignTask().split('-')[2]).toBe(outer.id);
    to('inner', (inner) => {
      expect(inner.foreignTask().split('-')[2]).toBe(inner.id);
      importTask(inner.foreignTask(), 'elsewhere', () => {});
    });
  });
  expect(started('elsewhere').attributes['task.parent.id']).toBe(started('inner').attributes['task.id']);
});

test('3: an imported task is a child of the task that exported it, in one trace', () => {
  const header = task('here', (job) => job.foreignTask());
  importTask(header, 'there', () => {});
  expect(started('there').attributes['task.parent.id']).toBe(started('here').attributes['task.id']);
  expect(started('there').spanContext?.traceId).toBe(started('here').spanContext?.traceId);
});

test('4: the record of a failure exists, with its message and its stack', () => {
  const run = () =>
    task('divide %(by)d%%', { by: 0 }, () => {
      throw new RangeError('100% by %d');
    });
  expect(run).toThrow(RangeError);
  const failed = out.find('task.failed');
  expect(failed.severityNumber).toBe(Severity.ERROR);
  expect(failed.body).toBe('divide 0% failed: RangeError: 100% by %d');
  expect(failed.attributes['exception.stacktrace']).toMatch(/^RangeError: 100% by %d\n/);
});

test('5: without success() a program can distinguish start from end, and success from the message', () => {
  task('silent', () => {});
  task('spoken', (job) => job.success());
  const [start, end, , spoken] = out.records();
  expect(start).toMatchObject({ eventName: 'task.started', body: 'silent' });
  expect(start!.attributes).not.toHaveProperty(['task.outcome']);
  expect(end).toMatchObject({ eventName: 'task.succeeded', body: 'silent succeeded' });
  expect(end!.attributes['task.outcome']).toBe('succeeded');
  expect(spoken!.attributes['task.outcome']).toBe('succeeded');
  expect(out.spans().map(({ status }) => status.code)).toEqual([0, 1]);
});

test('6: to() without a current task starts a root', () => {
  listen(() => {});
  expect(to('alone', (job) => job.path)).toEqual(['alone']);
});

test('7: a child inherits bound data, unless inherit is false', () => {
  task('outer', { user: 'leo' }, () => {
    to('inner', { step: 1 }, () => {});
    to('apart', { step: 2 }, { inherit: false }, () => {});
  });
  expect(started('inner').attributes).toMatchObject({ user: 'leo', step: 1 });
  expect(started('apart').attributes).not.toHaveProperty('user');
});

test('8: tasks that run at the same time have a context each', async () => {
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const both = ['first', 'second'].map((name) =>
    task(name, { name }, async () => {
      await gate;
      out.log(`in ${name}`);
    }),
  );
  open();
  await Promise.all(both);
  for (const name of ['first', 'second']) {
    expect(out.find(`in ${name}`).attributes).toMatchObject({ 'task.name': name, name, 'task.sequence': 2 });
  }
});

test('9: records have a parent id, an outcome and a duration', () => {
  task('outer', () => to('inner', (job) => job.cancel('not needed')));
  const [inner, outer] = out.records().filter(({ eventName }) => eventName !== 'task.started');
  expect(inner!.attributes).toMatchObject({
    'task.parent.id': outer!.attributes['task.id'],
    'task.outcome': 'cancelled',
    'task.duration': expect.any(Number),
  });
});
