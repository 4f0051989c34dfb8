import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsReference } from '../../scripts/setup-reference.js';
import { variableOf } from '../../src/setup/environment.ts';
import { settings } from '../../src/setup/settings.ts';

const page = readFileSync(join(__dirname, '../../docs/setup.md'), 'utf8');

test('the table in docs/setup.md is what the definition of the settings says; npm run docs writes it', () => {
  const [, rest = ''] = page.split('<!-- reference: made by scripts/config-docs.js -->\n');
  const written = rest.split('<!-- end of the reference -->')[0];
  expect(written).toBe(`\n${settingsReference(settings.fields, variableOf)}\n\n`);
});
