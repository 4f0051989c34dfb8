import { Severity } from '../../src/record/severity.ts';
import { startTask } from '../../src/task/start-task.ts';
import { importTask, task, to } from '../../src/task/task-forms.ts';
import { asTask, wrap } from '../../src/task/wrap.ts';
import { listen } from '../support/diag-listener.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

let out: Registered;
let warnings: string[];
beforeEach(() => {
  out = register();
  warnings = [];
  listen((message) => warnings.push(message));
});
afterEach(unregister);

const header = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** Each way to start a task, with any options. */
const forms: [string, (options: never) => unknown][] = [
  ['task', (options) => task('goal', {}, options, () => 'done')],
  ['to', (options) => task('around', () => to('goal', {}, options, () => 'done'))],
  ['importTask', (options) => importTask(header, 'goal', {}, options, () => 'done')],
  ['wrap', (options) => wrap(() => 'done', 'goal', {}, options)()],
  [
    'asTask',
    (options) => {
      const method = asTask('goal', {}, options)(() => 'done', { kind: 'method' } as never);
      return method.call(undefined);
    },
  ],
  [
    'startTask',
    (options) => {
      const job = startTask('goal', {}, options);
      job.success();
      job[Symbol.dispose]();
    },
  ],
];

const unreadable = {
  get severity() {
    throw new Error('not now');
  },
  inherit: false,
};
const wrong: [string, unknown, string][] = [
  ['no object', 'quiet', 'must be an object, got string'],
  ['a getter that throws', unreadable, '"severity" of a task could not be read (Error: not now)'],
  [
    'an unknown name',
    { sevrity: 'DEBUG' },
    'no option "sevrity"; the options are severity, inherit, kind, expected',
  ],
  ['a very long name', { ['x'.repeat(10_000)]: 1 }, `no option "${'x'.repeat(64)}"`],
  ['no boolean', { inherit: 'no' }, '"inherit" of a task must be true or false, got "no"; it is ignored'],
  [
    'neither boolean nor function',
    { expected: /gone/ },
    '"expected" of a task must be true, false or a function',
  ],
  [
    'a proxy that throws at everything',
    new Proxy({}, { get: fail, has: fail, ownKeys: fail, getOwnPropertyDescriptor: fail }),
    'could not be read',
  ],
];

function fail(): never {
  throw new Error('no');
}

describe.each(forms)('%s', (name, begin) => {
  test.each(wrong)('%s: logged, and the task starts and ends', (_, options, words) => {
    expect(begin(options as never)).toBe(name === 'startTask' ? undefined : 'done');
    expect(warnings[0]).toContain(words);
    const goal = out.records().filter(({ attributes }) => attributes['task.name'] === 'goal');
    expect(goal.map(({ eventName }) => eventName)).toEqual(['task.started', 'task.succeeded']);
    // The valid options are used.
    expect(goal.map(({ severityNumber }) => severityNumber)).toEqual([Severity.INFO, Severity.INFO]);
  });

  test('options of a class, and those left undefined, are options', () => {
    class Quiet {
      get severity() {
        return 'DEBUG';
      }
      inherit = undefined;
    }
    begin(new Quiet() as never);
    expect(warnings).toEqual([]);
    const [started] = out.records().filter(({ attributes }) => attributes['task.name'] === 'goal');
    expect(started!.severityNumber).toBe(Severity.DEBUG);
  });
});

test('each way to start has its own options', () => {
  task('goal', {}, { link: true } as never, () => {});
  expect(warnings).toEqual([expect.stringContaining('no option "link"')]);
});

test('importTask has the option "link", startTask "parent"', () => {
  importTask(header, 'goal', {}, { link: true }, (job) => {
    startTask('below', {}, { parent: job }).success();
  });
  expect(warnings).toEqual([]);
});

test.each([
  ['a promise', async () => true, 'got object'],
  ['a promise that rejects', () => Promise.reject(new Error('unhandled')), 'got object'],
  ['nothing', () => {}, 'got undefined'],
])('"expected" that returns %s counts as false, and is logged', async (_, expected, words) => {
  const error = new Error('out');
  expect(() =>
    task('goal', {}, { expected: expected as never }, () => {
      throw error;
    }),
  ).toThrow(error);
  // An unhandled rejection would end this process about now.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([expect.stringContaining(words)]);
  expect(out.records().at(-1)!.severityNumber).toBe(Severity.ERROR);
});
