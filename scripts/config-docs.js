// Writes what is made of the definition of the configuration: the reference in docs/distlogd.md, between its marks,
// examples/distlogd.yaml, and docs/distlogd.schema.json. test/config/reference.test.ts fails when they are stale.
// Needs dist/.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { configReference, configSchema, exampleConfig } = await import(join(root, 'build/config/index.js'));

const begin = '<!-- reference: made by scripts/config-docs.js -->\n';
const end = '<!-- end of the reference -->';

const page = join(root, 'docs/distlogd.md');
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (after === undefined) throw new Error('docs/distlogd.md has no marks of the reference');
writeFileSync(page, `${before}${begin}\n${configReference()}\n${end}${after}`);
writeFileSync(join(root, 'examples/distlogd.yaml'), exampleConfig());
writeFileSync(join(root, 'docs/distlogd.schema.json'), `${JSON.stringify(configSchema(), null, 2)}\n`);
