import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withExamples } from '../scripts/example-blocks.js';
import { needs } from './support/sdk-abilities.ts';

const folder = join(__dirname, '../examples');
const names = readdirSync(folder).filter((name) => name.endsWith('.js'));

const mark = '\n// Output:\n';

/** What the comment at the end of an example says that it prints; empty if it has none. */
function promisedOutput(name: string): string {
  const [, comment = ''] = readFileSync(join(folder, name), 'utf8').split(mark);
  return comment
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}

/** Lines that are neither empty nor a comment. */
function codeLines(name: string): number {
  const lines = readFileSync(join(folder, name), 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
}

interface Run {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function run(name: string): Promise<Run> {
  return new Promise((done) => {
    execFile(process.execPath, [join(folder, name)], { timeout: 60_000 }, (error, stdout, stderr) => {
      // Every line that ends in an empty column has a blank there, which an editor would take from the comment.
      done({
        code: error?.code ?? (error ? 'killed' : 0),
        stdout: stdout.replace(/ +$/gm, '').trimEnd(),
        stderr,
      });
    });
  });
}

test('there are examples', () => {
  expect(names).toContain('quick-start.js');
});

/** Examples of what the oldest supported SDK cannot do. */
const abilities: Readonly<Record<string, string>> = { 'levels-by-logger.js': 'logger.enabled()' };

describe.each(names)('%s', (name) => {
  const ability = abilities[name];
  (ability === undefined ? test : needs(ability))('prints what its last comment says', async () => {
    const promised = promisedOutput(name);
    expect(promised).not.toBe('');
    expect(await run(name)).toEqual({ code: 0, stdout: promised, stderr: '' });
  });

  test('is short enough to be read, and long enough to be whole', () => {
    expect(codeLines(name)).toBeGreaterThanOrEqual(15);
    expect(codeLines(name)).toBeLessThanOrEqual(40);
  });
});

test('the programs in docs/frameworks.md are those of examples/; npm run docs writes them', () => {
  const root = join(__dirname, '..');
  const page = readFileSync(join(root, 'docs/frameworks.md'), 'utf8');
  expect(page).toContain('<!-- examples/express/app.js -->');
  expect(withExamples(page, root)).toBe(page);
});
