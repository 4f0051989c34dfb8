// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written so
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { parse } from 'yaml';
import { configSchema, exampleConfig, parseConfig } from '../../src/config/index.ts';
import { anyConfig } from './support/any-config.ts';

const root = join(__dirname, '../..');
const validate = new Ajv({ allErrors: true, allowUnionTypes: true, strict: true }).compile(configSchema());

/** The positions of schema errors in a text. */
function wrongIn(text: string): readonly string[] {
  validate(parse(text));
  return (validate.errors ?? []).map(({ instancePath }) => instancePath);
}

const rest = 'sinks: { a: { type: console } }\n';

test('docs/distlogd.schema.json matches the definition; npm run docs writes it', () => {
  const file = readFileSync(join(root, 'docs/distlogd.schema.json'), 'utf8');
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(configSchema())));
});

test('the example names the schema, and is valid according to it', () => {
  const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(exampleConfig()) ?? [];
  expect(join('examples', schema)).toBe('docs/distlogd.schema.json');
  expect(wrongIn(exampleConfig())).toEqual([]);
});

test.each([
  ['receivers: { zmqAck: , otlpHttp: { endpoint: "${env:WHERE}", insecure: "${env:INSECURE:-true}" } }'],
  ['receivers: { otlpGrpc: { maxRequestBytes: 1.5MiB } }\nhttp:\nshutdown: { drain: 0 }'],
  ['receivers: { zmqPush: }\nhttp: false\njournal: { producers: { maxAge: 1d12h } }'],
])('%j is valid', (text) => {
  expect(wrongIn(`${rest}${text}\n`)).toEqual([]);
});

test.each([
  ['an unknown key', 'receivers: { zmqAck: }\njurnal: {}', ''],
  ['an unknown key below', 'receivers: { zmqAck: { max: 1 } }', '/receivers/zmqAck'],
  [
    'a size without a unit',
    'receivers: { zmqAck: { maxBatchBytes: 64 } }',
    '/receivers/zmqAck/maxBatchBytes',
  ],
  ['another word', 'receivers: { zmqAck: }\njournal: { sync: often }', '/journal/sync'],
  [
    'a number beyond its bounds',
    'receivers: { zmqAck: }\njournal: { producers: { maxCount: 1 } }',
    '/journal/producers/maxCount',
  ],
  ['a missing key', 'receivers: { otlpHttp: { tls: { certFile: a } } }', '/receivers/otlpHttp/tls'],
  ['nothing where something is needed', 'http:', ''],
])('%s is refused', (_name, text, path) => {
  expect(wrongIn(`${rest}${text}\n`)).toContain(path);
});

test('the schema refuses nothing that distlogd accepts', () => {
  let valid = 0;
  fc.assert(
    fc.property(anyConfig, (config) => {
      const text = JSON.stringify(config);
      const source = { fileName: 'x', environment: {}, directory: '/srv' };
      if ('errors' in parseConfig(text, source)) return;
      valid += 1;
      expect(wrongIn(text)).toEqual([]);
    }),
    { numRuns: 500 },
  );
  expect(valid).toBeGreaterThan(50);
});

test('every key has a description', () => {
  const silent: string[] = [];
  const look = (schema: unknown, path: string) => {
    const {
      properties = {},
      anyOf = [],
      additionalProperties,
    } = schema as {
      properties?: Record<string, { description?: string }>;
      anyOf?: unknown[];
      additionalProperties?: unknown;
    };
    for (const [key, below] of Object.entries(properties)) {
      if (!/\w.*[.]/.test(below.description ?? '')) silent.push(`${path}.${key}`);
      look(below, `${path}.${key}`);
    }
    for (const variant of anyOf) look(variant, path);
    if (typeof additionalProperties === 'object') look(additionalProperties, `${path}.*`);
  };
  look(configSchema(), '');
  expect(silent).toEqual([]);
});
