// Writes the API reference as HTML to api-docs/: `npm run docs:api`. It fails if a comment is missing, like
// the faster test/api-documented.test.ts. TypeDoc needs the JavaScript API of TypeScript, which TypeScript 7
// lacks, so npx installs both, in pinned versions.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const doors = readdirSync(join(root, 'src')).filter((name) => name.endsWith('.ts'));

const { status, stdout, stderr, error } = spawnSync(
  'npx',
  [
    ...['--yes', '-p', 'typedoc@0.28.20', '-p', 'typescript@6.0.3', 'typedoc'],
    ...doors.map((door) => `src/${door}`),
    ...['--name', 'burstlog', '--readme', 'none', '--out', 'api-docs', '--tsconfig', 'tsconfig.build.json'],
    ...['--excludePrivate', '--excludeInternal', '--disableSources', '--skipErrorChecking'],
    '--validation.notDocumented',
  ],
  { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
);
const output = `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`;
if (status !== 0) {
  console.error(output);
  process.exit(1);
}
// An anonymous type, `__type`, is documented by the declaration that contains it.
const missing = output
  .split('\n')
  .filter((line) => line.includes('does not have any documentation') && !line.includes('.__type.'));
for (const line of missing) console.error(line);
console.log(`${missing.length} comments are missing; the reference is ${join(root, 'api-docs/index.html')}`);
process.exitCode = missing.length === 0 ? 0 : 1;
