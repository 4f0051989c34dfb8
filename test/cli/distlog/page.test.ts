import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { picture, terminalSvg } from '../../../scripts/terminal-picture.js';
import { ExitCode } from '../../../src/cli/exit-code.ts';
import { distlog } from './support.ts';

const page = readFileSync(join(__dirname, '../../../docs/reader.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\ndistlog (.*)\n```\n\n```text\n([\s\S]*?)```/g)].map(
  ([, command = '', output = '']) => [command, output] as const,
);

test('the page shows outputs', () => {
  expect(blocks.length).toBeGreaterThan(4);
});

test.each(blocks)('distlog %s prints what docs/reader.md says', async (command, output) => {
  // Words as a shell takes them; no block needs more.
  const args = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  const { code, out, err } = await distlog(args);
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(`${out.join('\n')}\n`).toBe(output);
});

test('the page names every option, and exit codes that there are', async () => {
  for (const command of ['tail', 'find', 'tree', 'tasks', 'bursts']) {
    const { out } = await distlog([command, '--help']);
    expect(out.length).toBeGreaterThan(5);
    expect(page).toContain(`distlog ${command}`);
  }
  const codes = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  for (const code of codes) expect(Object.values(ExitCode)).toContain(code);
});

test('the picture is what distlog prints', async () => {
  const { out } = await distlog(picture.args);
  const svg = terminalSvg(`${out.join('\n')}\n`, picture.title);
  expect(readFileSync(join(__dirname, '../../../docs/tree.svg'), 'utf8')).toBe(svg);
});
