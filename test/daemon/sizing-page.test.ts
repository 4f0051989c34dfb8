import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { neededMemory } from '../../src/daemon/index.ts';
import { type DecodedLogRecord, encodeDecoded } from '../../src/otlp/index.ts';
import { attributesSize, CHARACTER_BYTES } from '../../src/record/size.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { loadedConfig } from './support/loaded-config.ts';

const page = readFileSync(join(__dirname, '../../docs/sizing.md'), 'utf8');
const folder = folderForEachTest();

/** The rows of the table under a heading whose first column has this title. */
function rows(heading: string, title: string): string[][] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [, table = ''] = section.split(`| ${title} |`);
  const lines = table.split('\n\n')[0]!.split('\n').slice(2);
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The record that a first column describes. */
function recordOf(text: string): { body: string; attributes: Record<string, string> } {
  const [, characters = '0'] = /body of ([\d,]+) characters/.exec(text) ?? [];
  const [, count = '0', length = '0'] = /and (\d+) attributes, texts of (\d+)/.exec(text) ?? [];
  const attributes = Array.from({ length: Number(count) }, (_, at) => [
    `attribute.${at}`,
    'x'.repeat(Number(length)),
  ]);
  return {
    body: 'x'.repeat(Number(characters.replace(',', ''))),
    attributes: Object.fromEntries(attributes),
  };
}

/** As an SDK sends it: with times, severity, trace and span. */
function decodedOf(text: string): DecodedLogRecord {
  const { body, attributes } = recordOf(text);
  return {
    timeUnixNano: 1_796_000_000_000_000_000n,
    observedTimeUnixNano: 1_796_000_000_000_000_000n,
    severityNumber: 5,
    severityText: 'DEBUG',
    body,
    attributes: Object.entries(attributes),
    droppedAttributesCount: 0,
    flags: 1,
    traceId: 'ab'.repeat(16),
    spanId: 'ab'.repeat(8),
    eventName: '',
  };
}

const number = (text: string) => Number(/[\d,.]+/.exec(text)![0].replaceAll(',', ''));

test('docs/sizing.md says what a held record counts as', () => {
  const table = rows('A service', 'a record with');
  expect(table.length).toBeGreaterThan(2);
  for (const [record = '', says = ''] of table) {
    const { body, attributes } = recordOf(record);
    const estimate = attributesSize(attributes) + body.length * CHARACTER_BYTES;
    expect([record, number(says)]).toEqual([record, estimate]);
  }
});

const SINKS: Readonly<Record<string, string>> = {
  'a file': 'file: { type: file, path: out.jsonl }',
  otlp: 'otlp: { type: otlp, endpoint: "http://collector.example.org:4317" }',
  store: 'store: { type: store }',
  'the console': 'console: { type: console }',
};

test('docs/sizing.md says what a daemon needs at most', async () => {
  const table = rows('distlogd: memory', 'receivers');
  const found: string[][] = [];
  for (const [receivers = '', sinks = ''] of table) {
    const names = receivers.startsWith('all')
      ? ['zmqAck', 'zmqPush', 'otlpGrpc', 'otlpHttp']
      : [...receivers.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    const [, option = ''] = /`(\w+: \w+)`/.exec(receivers) ?? [];
    const listed = Object.entries(SINKS).flatMap(([words, yaml]) =>
      sinks
        .replaceAll('`', '')
        .split(/ and |, /)
        .includes(words)
        ? [yaml]
        : [],
    );
    const yaml = [
      'receivers:',
      ...names.map((name) => `  ${name}: { ${option} }`),
      'sinks:',
      ...listed.map((line) => `  ${line}`),
    ].join('\n');
    const needed = neededMemory((await loadedConfig(`${yaml}\n`, folder())).config);
    found.push([receivers, sinks, `${(needed / 2 ** 20).toFixed(0)} MiB`]);
  }
  expect(table).toEqual(found);
});

test('docs/sizing.md says what a record takes on the disk', () => {
  const table = rows('distlogd: disk', 'a record with');
  const bytesOf = (count: number, record: DecodedLogRecord) => {
    const empty = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
    const scope = { ...empty, name: 'shop', version: '' };
    const records = Array.from({ length: count }, () => record);
    return encodeDecoded({ resources: [{ ...empty, scopes: [{ ...scope, records }] }] }).length;
  };
  const found = table.map(([text = '']) => {
    const record = decodedOf(text);
    return [text, `${bytesOf(2, record) - bytesOf(1, record)} bytes`];
  });
  expect(table.map(([text, journal]) => [text, journal])).toEqual(found);
  const [, hours] = /cover ([\d.]+) hours/.exec(page)!;
  expect(Number(hours)).toBe(Math.floor((4 * 2 ** 30) / (1_000 * 251) / 360) / 10);
});
