import { appendFileSync } from 'node:fs';
import { otlpLine } from '../../tree/otlp-lines.ts';
import { TaskStory } from '../../tree/story.ts';
import { distlog, tempFolder } from './support.ts';

const folder = tempFolder();
/** Records with the current time, because a live view repeats only recent records. */
const shift = Math.floor(Date.now() / 1e3) - 1_795_241_556;
const write = (path: string, records: TaskStory['records']) =>
  appendFileSync(
    path,
    records.map((each) => `${otlpLine({ ...each, seconds: each.seconds + shift })}\n`).join(''),
  );

test('tree --follow draws a growing tree, and prints it when its tasks have ended', async () => {
  const path = folder.write('growing.jsonl', '');
  const job = new TaskStory('a000000000000001', 'job').start(0);
  write(path, job.records);
  const drawn: string[][] = [];
  let stage = 0;
  const ran = distlog(['tree', '--follow', '4bf92f35', path], {
    terminal: {
      columns: 80,
      color: false,
      redraw: (lines) => {
        drawn.push([...lines]);
        if (stage === 0 && lines.join('\n').includes('no end seen')) {
          stage = 1;
          write(path, job.say(1, 'half done', { severity: 13 }).records.slice(-1));
        } else if (stage === 1 && lines.join('\n').includes('half done')) {
          stage = 2;
          write(path, job.succeed(2, 1).records.slice(-1));
        }
      },
    },
  });
  const { code, out } = await ran;
  expect(code).toBe(0);
  expect(drawn.length).toBeGreaterThan(2);
  expect(drawn.at(-1)).toEqual([]);
  expect(out).toEqual(['✔ job  1.00 s  · shop  (3 records folded)']);
});

test('it needs a trace', async () => {
  expect((await distlog(['tree', '--follow', '/tmp'])).err[0]).toMatch(/--follow needs a trace/);
});
