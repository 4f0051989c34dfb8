// Generates documentation from the definitions of options: the reference between its markers in
// docs/distlogd.md, examples/distlogd.yaml, docs/distlogd.schema.json, the settings in docs/setup.md, the SDK
// options in docs/options.md, and the programs in docs/frameworks.md. test/config/reference.test.ts,
// test/options-documented.test.ts and test/examples.test.ts fail if they are stale. Needs dist/.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withExamples } from './example-blocks.js';
import { optionsPage } from './sdk-options.js';
import { settingsReference } from './setup-reference.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { configReference, configSchema, exampleConfig } = await import(join(root, 'build/config/index.js'));

const begin = '<!-- reference: made by scripts/config-docs.js -->\n';
const end = '<!-- end of the reference -->';

writeReference('docs/distlogd.md', configReference().trimEnd());
const { settings } = await import(join(root, 'build/setup/settings.js'));
const { variableOf } = await import(join(root, 'build/setup/environment.js'));
writeReference('docs/setup.md', settingsReference(settings.fields, variableOf));

writeFileSync(join(root, 'examples/distlogd.yaml'), exampleConfig());
writeFileSync(join(root, 'docs/distlogd.schema.json'), `${JSON.stringify(configSchema(), null, 2)}\n`);
writeFileSync(join(root, 'docs/options.md'), optionsPage());
const frameworks = join(root, 'docs/frameworks.md');
writeFileSync(frameworks, withExamples(readFileSync(frameworks, 'utf8'), root));

/**
 * @param {string} name of the page
 * @param {string} reference
 */
function writeReference(name, reference) {
  const page = join(root, name);
  const [before, rest] = readFileSync(page, 'utf8').split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${name} has no markers of the reference`);
  writeFileSync(page, `${before}${begin}\n${reference}\n\n${end}${after}`);
}
