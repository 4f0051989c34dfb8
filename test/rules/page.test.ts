import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/index.ts';
import { compileCondition, compileValue, loadPatterns } from '../../src/ottl/index.ts';
import { runRuleTests } from '../../src/rules/index.ts';

const page = readFileSync(join(__dirname, '../../docs/rules.md'), 'utf8');
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(page)![1]!;

test('the configuration in the page is valid, and its tests pass as shown', async () => {
  const patterns = await loadPatterns();
  const source = { fileName: 'distlogd.yaml', environment: {}, directory: '/etc', extensions: { patterns } };
  const parsed = parseConfig(block('yaml'), source);
  if (!('config' in parsed)) throw new Error(JSON.stringify(parsed.errors));
  const { rules, match, tests, sinks } = parsed.config;
  const results = await runRuleTests({ rules, match, tests, sinks: sinks.map(({ name }) => name) }, patterns);
  expect(results.map(({ name, problems }) => [name, problems])).toEqual([
    ['health checks are dropped', []],
    ['an error goes to both sinks, without the number of the card', []],
    ['other records go to the archive only', []],
  ]);
  for (const { name } of results) expect(block('text')).toContain(`ok     ${name}\n`);
});

test('every path and function of the page is known', async () => {
  const patterns = await loadPatterns();
  const [, conditions = ''] = page.split('## Conditions');
  const cells = [...conditions.matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell]) => cell!.match(/(?<=`)[^`]+(?=`)/g) ?? [],
  );
  const all = cells.filter((text) => text !== ', ');
  expect(all.length).toBeGreaterThan(25);
  for (const text of all) {
    if (/^[A-Z]/.test(text)) compileCondition(text, patterns);
    else compileValue(text);
  }
});
