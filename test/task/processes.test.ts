import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { environmentSetter } from '../../src/task/inject.ts';
import { task } from '../../src/task/task-forms.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

const programs = join(__dirname, 'programs');

let out: Registered;
beforeEach(() => {
  out = register();
});
afterEach(unregister);

/** A record of any process. */
interface Logged {
  readonly service: string;
  readonly trace: string | undefined;
  readonly event?: string | undefined;
  readonly body: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}

function own(): Logged[] {
  return out.records().map(({ spanContext, eventName, body, attributes }) => ({
    service: 'here',
    trace: spanContext?.traceId,
    event: eventName,
    body,
    attributes,
  }));
}

/**
 * The names of the tasks as one tree, built from `task.id` and `task.parent.id` only: `outer(inner other)`.
 */
function treeOf(records: readonly Logged[]): string {
  const names = new Map<unknown, unknown>();
  const children = new Map<unknown, unknown[]>();
  for (const { event, attributes } of records) {
    if (event !== 'task.started') continue;
    const id = attributes['task.id'];
    expect(names.has(id)).toBe(false);
    names.set(id, attributes['task.name']);
    const parent = attributes['task.parent.id'];
    children.set(parent, [...(children.get(parent) ?? []), id]);
  }
  const show = (id: unknown): string => {
    const below = (children.get(id) ?? []).map(show).sort();
    return `${names.get(id)}${below.length === 0 ? '' : `(${below.join(' ')})`}`;
  };
  const roots = children.get(undefined) ?? [];
  const shown = roots.map(show).join(' | ');
  // Every parent exists, and all tasks are in one trace.
  for (const parent of children.keys()) expect(parent === undefined || names.has(parent)).toBe(true);
  expect(new Set(records.map(({ trace }) => trace)).size).toBe(roots.length);
  for (const { attributes } of records) expect(names.has(attributes['task.id'])).toBe(true);
  return shown;
}

describe.each([2, 4])('%d processes', (count) => {
  test('over HTTP are one tree', async () => {
    const services: ChildProcess[] = [];
    let url = '';
    try {
      for (let n = count - 1; n >= 1; n -= 1) {
        const service = fork(join(programs, 'service.js'), [String(n), url]);
        services.push(service);
        const [{ port }] = (await once(service, 'message')) as [{ port: number }];
        url = `http://127.0.0.1:${port}`;
      }
      await task('request', async (job) => {
        const headers: Record<string, string> = {};
        job.inject(headers);
        await (await fetch(url, { headers })).text();
      });
      const records = own();
      for (const service of services) {
        const answered = once(service, 'message') as Promise<[{ records: Logged[] }]>;
        const ended = once(service, 'exit');
        service.send('records');
        records.push(...(await answered)[0].records);
        await ended;
      }
      const tree = count === 2 ? 'serve 1' : 'serve 1(call the next(serve 2(call the next(serve 3))))';
      expect(treeOf(records)).toBe(`request(${tree})`);
      expect(records.filter(({ event }) => event === undefined)).toHaveLength(count - 1);
    } finally {
      for (const service of services) service.kill('SIGKILL');
    }
  });

  test.each(['environment', 'argument'])('started one by the other, by %s, are one tree', (way) => {
    const printed = task('parent', (job) => {
      const env = { ...process.env };
      if (way === 'environment') job.inject(env, environmentSetter);
      const header = way === 'environment' ? [] : [job.foreignTask()];
      const all = [join(programs, 'child.js'), way, String(count - 2), ...header];
      const { stdout, stderr } = spawnSync(process.execPath, all, { env, encoding: 'utf8' });
      expect(stderr).toBe('');
      return stdout;
    });
    const records = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Logged);
    const tree = count === 2 ? 'child 0' : 'child 2(start a child(child 1(start a child(child 0))))';
    expect(treeOf([...records, ...own()])).toBe(`parent(${tree})`);
  });
});

test('worker threads that continue a task by workerData and by messages are one tree with it', async () => {
  const records = await task('main', async (job) => {
    const worker = new Worker(join(programs, 'worker.js'), {
      workerData: { traceparent: job.foreignTask() },
    });
    const answered = once(worker, 'message') as Promise<[Logged[]]>;
    const ended = once(worker, 'exit');
    for (const n of [1, 2, 3]) {
      const carrier = new Map<string, string>();
      job.inject(carrier);
      worker.postMessage({ n, carrier, last: n === 3 });
    }
    const [answer] = await answered;
    await ended;
    return answer;
  });
  expect(treeOf([...records, ...own()])).toBe('main(begin work 1 work 2 work 3)');
  expect(records.filter(({ event }) => event === undefined)).toHaveLength(4);
});

test('the ES module copy and the CommonJS copy of the package see the same current task', () => {
  const program = join(programs, 'two-copies.js');
  expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toBe('18\n');
});

test.each(['sdk', 'nothing'])(
  '50,000 tasks open at once, 200 levels deep, leave nothing behind, with %s',
  (registered) => {
    const program = join(programs, 'many-tasks.js');
    const printed = execFileSync(process.execPath, ['--expose-gc', program, registered], {
      encoding: 'utf8',
    });
    const { before, after, most } = JSON.parse(printed) as Record<string, number>;
    expect(most).toBe(50_000);
    // Both vary by some hundred kilobytes of compiled code. A leak would take more per task.
    expect((after! - before!) / most!).toBeLessThan(20);
  },
);
