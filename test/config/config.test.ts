// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and units are written so
import fc from 'fast-check';
import { type DaemonConfig, defaultConfig, parseConfig } from '../../src/config/index.ts';
import { parseDuration, parseSize, showDuration, showSize } from '../../src/text/index.ts';
import { anyText } from '../support/any-text.ts';

const environment = {
  NUMBER: '7',
  FLAG: 'false',
  DIGITS: '0123456789012345678',
  HEX: '0x1f',
  SIZE: '2GiB',
  LOOP: '${env:NUMBER}',
  MAP: '{ a: 1 }',
};

function configOf(text: string, data?: string): DaemonConfig {
  const source = { fileName: 'distlogd.yaml', environment, directory: '/etc/distlogd', data };
  const result = parseConfig(text, source);
  if ('config' in result) return result.config;
  throw new Error(result.errors.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}

const rest = 'receivers: { zmqAck: }\nsinks: { a: { type: console } }\n';

test('without a file all receivers are on loopback, and records are written to a file and the console', () => {
  const { config } = defaultConfig({ directory: '/srv' });
  expect(config.data).toBe('/srv/.distlogd');
  expect(config.receivers).toMatchObject({
    zmqAck: { endpoint: 'tcp://127.0.0.1:5011', maxBatchBytes: 67_108_864, insecure: false },
    zmqPush: { endpoint: 'tcp://127.0.0.1:5010', maxMessageBytes: 4_194_304, pickle: false, insecure: false },
    otlpGrpc: { endpoint: { host: '127.0.0.1', port: 4317 }, maxRequestBytes: 67_108_864, insecure: false },
    otlpHttp: { endpoint: { host: '127.0.0.1', port: 4318 }, maxRequestBytes: 67_108_864, insecure: false },
  });
  expect(config.sinks.map(({ type, onFull }) => [type, onFull])).toEqual([
    ['file', 'block'],
    ['console', 'skip'],
  ]);
  expect(config.sinks[0]).toMatchObject({
    path: '/srv/.distlogd/logs/file.jsonl',
    rotate: { maxBytes: 104_857_600, maxAgeMillis: 86_400_000, keep: 10, gzip: true },
    maxBehind: { bytes: 4_294_967_296, ageMillis: 0 },
    retry: { initialMillis: 1_000, maxMillis: 30_000 },
  });
  expect(config.http).toEqual({ endpoint: { host: '127.0.0.1', port: 5080 }, insecure: false });
  expect(config.journal.producers).toEqual({ maxCount: 100_000, maxAgeMillis: 604_800_000 });
  expect(config.ownRecords).toEqual({ severity: 'INFO', console: true });
});

test('with a file only the receivers that it names are opened', () => {
  expect(Object.keys(configOf(rest).receivers)).toEqual(['zmqAck']);
});

test('http without a value, or false, is off', () => {
  expect(configOf(`${rest}http:`).http).toBeUndefined();
  expect(configOf(`${rest}http: false`).http).toBeUndefined();
});

test('relative paths are relative to the directory of the file', () => {
  const config = configOf(
    'receivers: { otlpGrpc: { tokenFile: ../token } }\nsinks: { a: { type: file, path: logs/a } }\ndata: /var/lib/d',
  );
  expect(config.receivers.otlpGrpc?.tokenFile).toBe('/etc/token');
  expect(config.sinks[0]).toMatchObject({ path: '/etc/distlogd/logs/a' });
  expect(config.data).toBe('/var/lib/d');
});

test('a data directory of the command line takes precedence, also for paths below it', () => {
  const config = configOf(
    'receivers: { zmqAck: }\nsinks: { a: { type: file, format: text } }\ndata: x',
    '/srv/data',
  );
  expect(config.data).toBe('/srv/data');
  expect(config.sinks[0]).toMatchObject({ path: '/srv/data/logs/a.log' });
});

test('a bound that depends on another value follows it', () => {
  const config = configOf(
    `receivers: { zmqAck: }\nsinks: { a: { type: file } }\njournal: { maxBytes: 1GiB }`,
  );
  expect(config.sinks[0]!.maxBehind.bytes).toBe(536_870_912);
});

test('a value that consists of one variable has its YAML type', () => {
  const text = `receivers: { zmqAck: }
sinks:
  a: { type: file, rotate: { keep: "\${env:NUMBER}", gzip: "\${env:FLAG}", maxBytes: "\${env:NOPE:-5MiB}" } }
  b: { type: file, rotate: { keep: "\${env:HEX}" }, path: "x-\${env:NUMBER}-$\${env:NUMBER}.log" }
journal:
  maxBytes: \${env:SIZE}
`;
  const config = configOf(text);
  expect(config.sinks[0]).toMatchObject({ rotate: { keep: 7, gzip: false, maxBytes: 5_242_880 } });
  expect(config.sinks[1]).toMatchObject({
    rotate: { keep: 31 },
    path: '/etc/distlogd/x-7-${env:NUMBER}.log',
  });
  expect(config.journal.maxBytes).toBe(2_147_483_648);
});

test('a variable with digits stays an exact string if a string is expected', () => {
  const config = configOf(
    'receivers: { otlpGrpc: { token: "${env:DIGITS}" } }\nsinks: { a: { type: console } }\ndata: "${env:NUMBER}"',
  );
  expect(config.receivers.otlpGrpc?.token).toBe('0123456789012345678');
  expect(config.data).toBe('/etc/distlogd/7');
});

test('the value of a variable is not expanded again, and is not parsed as YAML', () => {
  expect(configOf(`${rest}data: "\${env:LOOP}"`).data).toBe('/etc/distlogd/${env:NUMBER}');
  expect(configOf(`${rest}data: "\${env:MAP}"`).data).toBe('/etc/distlogd/{ a: 1 }');
});

test('an OTLP sink keeps its headers and loses the slash at the end of its endpoint', () => {
  const config = configOf(
    'receivers: { zmqAck: }\nsinks: { a: { type: otlp, protocol: http, endpoint: "http://x/otlp/", headers: { X-Scope: a, __proto__: b } } }',
  );
  const [sink] = config.sinks;
  expect(sink).toMatchObject({ endpoint: 'http://x/otlp', protocol: 'http', timeoutMillis: 10_000 });
  expect(Object.entries((sink as { headers: object }).headers)).toEqual([
    ['X-Scope', 'a'],
    ['__proto__', 'b'],
  ]);
});

test('each use of an alias is independent', () => {
  const config = configOf(
    'receivers: { zmqAck: }\nsinks:\n  a: &s { type: console, retry: { initial: 2s } }\n  b: *s\n',
  );
  expect(config.sinks.map(({ name, retry }) => [name, retry.initialMillis])).toEqual([
    ['a', 2_000],
    ['b', 2_000],
  ]);
});

test.each([
  ['64MiB', 67_108_864],
  ['1.5KiB', 1_536],
  ['10 MB', 10_000_000],
  ['0', 0],
])('%s is a size', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', '64', '-1MiB', '1mib', '1e3KiB', 'MiB', '99999999TiB', '1 0KiB', '0x1KiB'])(
  '%j is no size',
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);

test.each([
  ['250ms', 250],
  ['1h30m', 5_400_000],
  ['0.5s', 500],
  ['7d', 604_800_000],
])('%s is a duration', (text, millis) => {
  expect(parseDuration(text)).toBe(millis);
});

test.each(['', '10', '-1s', '1y', '1.5ms', 's', '1s '])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('sizes and durations are shown as they can be read', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 45 }), (value) => {
      expect(parseSize(showSize(value))).toBe(value);
      expect(parseDuration(showDuration(value))).toBe(value);
    }),
  );
});

test('any text is a configuration or has errors with a position, and never throws', () => {
  const piece = fc.constantFrom(
    'receivers',
    'zmqAck',
    'sinks',
    'type',
    'file',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '&a ',
    '*a',
    '"',
    "'",
    '${env:A}',
    '!!str ',
    '|',
    '#',
    '---\n',
    '~',
    '64MiB',
    '\t',
  );
  const anything = fc.oneof(
    anyText(),
    fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(anything, (text) => {
      const result = parseConfig(text, { fileName: 'x', environment: { A: '1' }, directory: '/' });
      if ('config' in result) return;
      expect(result.errors.length).toBeGreaterThan(0);
      const lines = text.split('\n').length;
      for (const { line, column } of result.errors) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 2_000 },
  );
});
