import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { otlpLine } from '../../tree/otlp-lines.ts';
import { record, TaskStory } from '../../tree/story.ts';
import { distlog, tempFolder } from './support.ts';

const folder = tempFolder();

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A `distlog tail` that runs until it is stopped. */
function tailing(...args: string[]) {
  const out: string[] = [];
  const waiting: { readonly has: string; readonly done: () => void }[] = [];
  let stop = () => {};
  const ran = distlog(['tail', ...args], {
    lines: async (lines) => {
      out.push(...lines);
      for (const { has, done } of waiting) if (out.some((line) => line.includes(has))) done();
    },
    onSignal: (signal, handler) => {
      if (signal === 'SIGINT') {
        stop = handler;
        stops.push(handler);
      }
      return () => {};
    },
  });
  return {
    out,
    shows: (has: string) =>
      out.some((line) => line.includes(has))
        ? Promise.resolve()
        : new Promise<void>((done) => waiting.push({ has, done })),
    stop: async () => {
      stop();
      return await ran;
    },
  };
}

const line = (body: string, at = 0) => `${otlpLine(record({ body, at, traceId: '' }))}\n`;

test('what is appended to a file is shown, over a rotation and a truncation', async () => {
  const path = folder.write('a.jsonl', line('before'));
  const tail = tailing(path, '--since', '2026-01-01');
  await tail.shows('before');
  appendFileSync(path, line('one'));
  await tail.shows('one');
  appendFileSync(path, line('two').slice(0, 20));
  appendFileSync(path, line('two').slice(20) + line('last of this file'));
  renameSync(path, `${path}.1`);
  writeFileSync(path, line('of the new file'));
  await tail.shows('of the new file');
  writeFileSync(path, line('cut'));
  await tail.shows('cut');
  expect(await tail.stop()).toMatchObject({ code: 0, err: [] });
  expect(tail.out).toEqual([
    '2026-11-21 UTC',
    ...['before', 'one', 'two', 'last of this file', 'of the new file', 'cut'].map(
      (body) => `06:12:36.000 INFO  shop test ${body}`,
    ),
  ]);
});

test('files that appear in a directory are followed, and conditions hold', async () => {
  const { path, write } = folder;
  const tail = tailing(path, '--when', 'severity_number >= 17', '--since', '2026-01-01', '--format', 'flat');
  write('b.jsonl', `${line('quiet')}${otlpLine(record({ body: 'loud', severity: 17, traceId: '' }))}\n`);
  await tail.shows('loud');
  expect((await tail.stop()).code).toBe(0);
  expect(tail.out.join('\n')).not.toContain('quiet');
});

test('records of tasks are shown as trees that grow', async () => {
  const job = new TaskStory('a000000000000001', 'job').start(0).say(1, 'works').succeed(2, 1).records;
  const path = folder.write('c.jsonl', '');
  const tail = tailing(path, '--since', '2026-01-01');
  appendFileSync(path, `${job.map((each) => otlpLine(each)).join('\n')}\n`);
  await tail.shows('✔ job');
  await tail.stop();
  expect(tail.out).toEqual([
    '2026-11-21 UTC',
    '06:12:36.000 job  · shop',
    '06:12:36.001 │ INFO  works',
    '06:12:36.002 ✔ job  1.00 s',
  ]);
});

test('a directory that is not there ends with 66', async () => {
  expect((await distlog(['tail', '/no/such'])).code).toBe(66);
});
