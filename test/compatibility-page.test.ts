import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageOf, type Table } from '../scripts/compatibility/page.js';

const read = (name: string) => readFileSync(join(__dirname, '../docs', name), 'utf8');
const tables = JSON.parse(read('compatibility.json')) as Table[];

test('the compatibility page says what was found, no more', () => {
  expect(read('compatibility.md')).toBe(pageOf(tables));
});

test('a cell that was not run says so', () => {
  const rows = [{ title: 'Node.js 99', version: 'not run', cells: {} }];
  const page = pageOf([{ title: 'Runtimes', columns: ['pino', 'distlogd'], rows }]);

  expect(page).toContain('| Node.js 99 | not run | not run | not run |');
});
