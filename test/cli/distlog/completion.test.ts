import { execFileSync } from 'node:child_process';
import { distlog } from './support.ts';

const script = async (shell: string) => (await distlog(['completion', shell])).out.join('\n');

/** The completions of bash after these words. */
async function offered(...words: string[]): Promise<string[]> {
  const program = [
    await script('bash'),
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}`,
    `_distlog; printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join('\n');
  const out = execFileSync('bash', ['--norc', '-c', program], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

test('bash completes commands, options, choices and files', async () => {
  expect(await offered('distlog', 't')).toEqual(['tail', 'tree', 'tasks']);
  expect(await offered('distlog', 'tree', '--last')).toEqual(['--last-failed', '--last-burst']);
  expect(await offered('distlog', 'tree', '--unfold', '')).toEqual(['failing', 'all', 'none']);
  expect(await offered('distlog', 'completion', 'z')).toEqual(['zsh']);
  expect(await offered('distlog', 'find', 'package.js')).toEqual(['package.json']);
});

test('every option of every command is in the scripts of zsh and fish', async () => {
  const [zsh, fish] = [await script('zsh'), await script('fish')];
  for (const command of ['tail', 'find', 'tree', 'tasks', 'bursts', 'mcp']) {
    const { out } = await distlog([command, '--help']);
    const options = out.flatMap((line) => [...(/^ {2}.*?--([\w-]+)/.exec(line)?.slice(1) ?? [])]);
    expect(options.length).toBeGreaterThan(3);
    for (const option of options.filter((each) => each !== 'help')) {
      expect(zsh).toContain(`'--${option}[`);
      expect(fish).toContain(`from ${command}' -l ${option}`);
    }
  }
});

test('no other shell is known', async () => {
  expect((await distlog(['completion', 'cmd'])).err[0]).toMatch(/expected one of bash, zsh, fish/);
});
