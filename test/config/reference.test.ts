import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configReference, exampleConfig, parseConfig } from '../../src/config/index.ts';
import { loadPatterns } from '../../src/ottl/index.ts';

const root = join(__dirname, '../..');
const page = readFileSync(join(root, 'docs/distlogd.md'), 'utf8');
const source = { fileName: 'distlogd.yaml', environment: {}, directory: '/etc/distlogd' };

test('the reference in docs/distlogd.md matches the definition; npm run docs writes it', () => {
  const [, rest = ''] = page.split('<!-- reference: made by scripts/config-docs.js -->\n');
  expect(rest.split('<!-- end of the reference -->')[0]).toBe(`\n${configReference()}\n`);
});

test('examples/distlogd.yaml matches the definition; npm run docs writes it', () => {
  expect(readFileSync(join(root, 'examples/distlogd.yaml'), 'utf8')).toBe(exampleConfig());
});

test('the example is valid', () => {
  expect(parseConfig(exampleConfig(), source)).toHaveProperty('config');
});

test('the example contains the defaults: without them the result is the same', () => {
  const short = `receivers: { zmqAck: , zmqPush: , otlpGrpc: , otlpHttp: }
sinks:
  archive: { type: file }
  store: { type: store }
  collector: { type: otlp, endpoint: "https://collector.example.org:4317" }
  fleet: { type: forward, endpoint: "tcp://127.0.0.1:5911" }
  live: { type: publish }
  terminal: { type: console }
`;
  const [full, less] = [exampleConfig(), short].map((text) => parseConfig(text, source));
  expect(full).toMatchObject({ config: (less as { config: object }).config });
});

test('every optional key of the example is valid with its example, one of each pair', async () => {
  const extensions = { patterns: await loadPatterns() };
  const optional = exampleConfig()
    .split('\n')
    .map((line, index) => ({ line, index, key: /^ *#(\w+):/.exec(line)?.[1] }))
    .filter(({ key }) => key !== undefined && key !== 'secretKey' && key !== 'allow' && key !== 'token');
  const chosen = new Set(optional.map(({ index }) => index));
  const text = exampleConfig()
    .split('\n')
    .map((line, index) => (chosen.has(index) ? line.replace('#', '') : line))
    .join('\n');
  expect(optional.length).toBeGreaterThan(20);
  const result = parseConfig(text, { ...source, environment: { COLLECTOR_TOKEN: 'x' }, extensions });
  expect(result).not.toHaveProperty('errors');
});

test('every key has a meaning that ends as a sentence, and a type', () => {
  const rows = configReference()
    .split('\n')
    .filter((line) => /^\| `/.test(line));
  expect(rows.length).toBeGreaterThan(70);
  for (const row of rows) {
    const [, , type, absence, meaning] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    expect([type, absence, meaning]).not.toContain('');
    expect(meaning).toMatch(/[.]|Example: `/);
  }
});
