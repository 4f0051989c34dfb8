// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and units are written so
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatConfigError, parseConfig } from '../../src/config/index.ts';

const environment = { WORD: 'hush', EMPTY: '', SEVEN: '7', TOKEN: 'a-token-that-is-long' };

/** The errors of a text, as the command line prints them. */
function errorsOf(text: string): string[] {
  const result = parseConfig(text, { fileName: 'distlogd.yaml', environment, directory: '/etc/distlogd' });
  return 'errors' in result ? result.errors.map(formatConfigError) : [];
}

const rest = 'receivers: { zmqAck: }\nsinks: { a: { type: console } }\n';
const receiver = (text: string) => errorsOf(`sinks: { a: { type: console } }\nreceivers: { ${text} }\n`);
const sink = (text: string) => errorsOf(`receivers: { otlpGrpc: }\nsinks: { a: { ${text} } }\n`);

test('all errors are reported at once, each with its position, in the order of the text', () => {
  const text = `recievers: {}
receivers:
  zmqAck:
    maxBatchBytes: 64
sinks:
  archive:
    type: file
    rotate:
      maxBytes: ten
      keep: 0
journal: { sync: sometimes }
`;
  expect(errorsOf(text)).toEqual([
    'distlogd.yaml:1:1: unknown key "recievers"; did you mean receivers?',
    'distlogd.yaml:4:20: receivers.zmqAck.maxBatchBytes: must be a size from 64KiB to 1GiB (example: 64MiB), got 64',
    'distlogd.yaml:9:17: sinks.archive.rotate.maxBytes: must be a size of at least 1MiB, or 0 (example: 100MiB), got "ten"',
    'distlogd.yaml:10:13: sinks.archive.rotate.keep: must be a whole number from 1 to 100000, got 0',
    'distlogd.yaml:11:18: journal.sync: must be always or never, got "sometimes"',
  ]);
});

test.each([
  [
    'an unknown key with a neighbour',
    `${rest}shutdown: { drian: 1s }`,
    'shutdown: unknown key "drian"; did you mean drain?',
  ],
  [
    'a key in another style',
    `${rest}journal: { max_bytes: 1GiB }`,
    'unknown key "max_bytes"; did you mean maxBytes?',
  ],
  [
    'a key far from all',
    `${rest}shutdown: { zebra: 1 }`,
    'shutdown: unknown key "zebra"; known names: drain',
  ],
  [
    'a key named like a property of objects',
    `${rest}constructor: 1`,
    'unknown key "constructor"; known names',
  ],
  ['a key that stands twice', `${rest}data: a\ndata: b`, '4:1: data: duplicate key, first in line 3'],
  [
    'a duration without a unit',
    `${rest}shutdown: { drain: 10 }`,
    'must be a duration from 100ms to 1h, or 0 (example: 10s), got 10',
  ],
  [
    'a size of half a byte',
    `${rest}journal: { maxBytes: 0.3B }`,
    'journal.maxBytes: must be a size of at least 4MiB',
  ],
  [
    'a list in the place of a map',
    `${rest}journal: [1]`,
    'journal: must be a map with keys of segmentBytes, maxBytes, minFreeBytes, sync, producers, got a list',
  ],
  ['a map in the place of a text', `${rest}data: { a: 1 }`, 'data: must be a path, got a map'],
  ['a number in the place of a text', `${rest}data: 5`, 'data: must be a path, got 5'],
  [
    'a text in the place of a flag',
    `${rest}ownRecords: { console: yes }`,
    'ownRecords.console: must be true or false, got "yes"',
  ],
  ['a key without a value', `${rest}data:`, '3:1: data: must be a path, got nothing'],
  ['an empty file', '', '1:1: receivers: is required: a map with keys of zmqAck'],
  [
    'no receiver',
    'receivers:\nsinks: { a: { type: console } }',
    'receivers: needs at least one of zmqAck, zmqPush, otlpGrpc, otlpHttp, box, got none',
  ],
  ['no sink', 'receivers: { zmqAck: }\nsinks: {}', '2:1: sinks: needs at least one name, got none'],
  ['a text for the whole', 'hello', '1:1: must be a map with keys of data, receivers'],
])('%s is an error', (_name, text, expected) => {
  expect(errorsOf(text).join('\n')).toContain(expected);
});

test.each([
  ['a bracket that is not closed', 'a: [1\nb: 2', '2:1: invalid YAML: wrong indentation, or a bracket'],
  ['a tab', 'a:\n\t- b', '2:1: invalid YAML: indentation must consist of blanks, not of tabs'],
  ['a second document', `${rest}---\na: 1`, 'invalid YAML: a file must have only one document'],
  ['an unknown tag', 'a: !secret hush', '1:4: invalid YAML: unknown tag'],
  ['a tag of YAML 1.1', 'a: !!binary aGVsbG8=', 'invalid YAML: unknown tag'],
  ['a map as a key', '? { a: 1 }\n: 2', 'invalid YAML: a key must be a plain name'],
  ['a wrong escape', 'a: "\\q"', '1:5: invalid YAML: in double quotes a backslash'],
  [
    'a reference in brackets without quotes',
    'a: { b: ${env:WORD}, c: 1 }',
    'inside { }, ${env:NAME} needs quotes',
  ],
  [
    'an alias of nothing',
    `${rest}data: *x`,
    '3:7: data: needs an anchor of this name that is complete before the alias',
  ],
  ['an alias of a value that contains it', `${rest}data: &x [*x]`, 'needs an anchor of this name'],
])('%s is reported without quoting the text', (_name, text, expected) => {
  const reported = errorsOf(text).join('\n');
  expect(reported).toContain(expected);
  expect(reported).not.toContain('hush');
});

test.each([
  ['nested brackets', '['.repeat(20_000)],
  ['nested maps', '{a: '.repeat(20_000)],
  ['a long file', `data: ${'x'.repeat(300_000)}`],
  [
    'an alias bomb',
    [
      'a0: &a0 [1,1,1,1,1,1,1,1,1,1]',
      ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`),
    ].join('\n'),
  ],
  ['many keys', Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')],
])('%s costs neither time nor memory', (_name, text) => {
  const start = performance.now();
  const errors = errorsOf(text);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBeLessThanOrEqual(201);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('an alias stands for the value of its anchor', () => {
  expect(sink('type: file, rotate: &r { keep: 3 } }, b: { type: file, rotate: *r')).toEqual([]);
});

test.each([
  [
    "zmqAck: { endpoint: 'tcp://*:5011' }",
    'receivers.zmqAck.endpoint: needs curve, or insecure: true, since other machines can reach 0.0.0.0:5011',
  ],
  ['zmqPush: { endpoint: tcp://192.168.1.5:5010 }', 'needs curve, or insecure: true'],
  ['otlpGrpc: { endpoint: 0.0.0.0:4317 }', 'needs tls and a token or tls.clientCaFile, or insecure: true'],
  [
    "otlpHttp: { endpoint: '[::]:4318', tls: { certFile: c, keyFile: k } }",
    'needs a token or tls.clientCaFile, or insecure: true',
  ],
  ['otlpHttp: { endpoint: logs.example.org:4318, tokenFile: t }', 'needs tls, or insecure: true'],
  ['otlpGrpc: { endpoint: 0.0.0.0:4317, insecure: false }', 'or insecure: true'],
  ["otlpGrpc: { endpoint: ':4317' }", 'an address with a port'],
  ['otlpGrpc: { endpoint: localhost:70000 }', 'an address with a port'],
  ['zmqAck: { endpoint: localhost:5011 }', 'an endpoint such as tcp://127.0.0.1:5011'],
  [`zmqAck: { endpoint: ipc:///${'x'.repeat(104)} }`, '103 bytes at most'],
  [
    'otlpGrpc: { endpoint: 127.0.0.1:4317 }, otlpHttp: { endpoint: localhost:4317 }',
    'receivers.otlpHttp.endpoint: must be an unused address: port 4317 is used by receivers.otlpGrpc.endpoint',
  ],
  [
    'otlpGrpc: { endpoint: 127.0.0.1:5080 }',
    '2:26: receivers.otlpGrpc.endpoint: must be an unused address: port 5080 is used by http.endpoint',
  ],
  [
    'zmqAck: { endpoint: ipc:///run/a }, zmqPush: { endpoint: ipc:///run/a }',
    '/run/a is used by receivers.zmqAck.endpoint',
  ],
  ['otlpGrpc: { tls: { certFile: c } }', 'receivers.otlpGrpc.tls.keyFile: is required: a path'],
  ['otlpGrpc: { token: aaaaaaaaaaaaaaaaaaaa, tokenFile: t }', 'takes token or tokenFile, got both'],
  [
    'zmqAck: { curve: { allowFile: a } }',
    'receivers.zmqAck.curve: needs secretKey or secretKeyFile, got neither',
  ],
  ['zmqAck: { curve: { secretKeyFile: a } }', 'needs allow or allowFile, got neither'],
  [
    'zmqAck: { curve: { secretKeyFile: a, allow: [] } }',
    'receivers.zmqAck.curve.allow: must be a list, each a public key of 40 characters in Z85, as `distlogd keygen` prints it, got an empty list',
  ],
  [
    'zmqAck: { curve: { secretKeyFile: a, allow: [abc] } }',
    'receivers.zmqAck.curve.allow[0]: must be a public key of 40 characters',
  ],
])('receivers: { %s } is an error', (text, expected) => {
  expect(receiver(text).join('\n')).toContain(expected);
});

test.each([
  'zmqAck: { endpoint: tcp://127.0.0.1:0 }, zmqPush: { endpoint: tcp://127.0.0.1:0 }',
  "zmqAck: { endpoint: 'tcp://*:5011', insecure: true }",
  "zmqAck: { endpoint: 'tcp://*:5011', curve: { secretKeyFile: a, allowFile: b } }",
  'zmqAck: { endpoint: ipc:///run/distlogd/a.sock }',
  "otlpGrpc: { endpoint: '[::1]:4317' }, otlpHttp: { endpoint: 127.0.0.1:4317 }",
  "otlpGrpc: { endpoint: '[::]:4317', tls: { certFile: c, keyFile: k }, token: '${env:TOKEN}' }",
  'otlpGrpc: { endpoint: 0.0.0.0:4317, tls: { certFile: c, keyFile: k, clientCaFile: a } }',
])('receivers: { %s } is valid', (text) => {
  expect(receiver(text)).toEqual([]);
});

test.each([
  ['path: x', 'sinks.a.type: is required: file, store, otlp, forward, publish or console'],
  ['type: stdout', 'sinks.a.type: must be file, store, otlp, forward, publish or console, got "stdout"'],
  ['type: file, color: auto', 'sinks.a: unknown key "color"'],
  ['type: otlp', 'sinks.a.endpoint: is required: an http:// or https:// URL'],
  ['type: otlp, endpoint: http://me:hush@x', 'got "http://...@x"'],
  [
    'type: otlp, endpoint: http://x/otlp',
    'must have no path when protocol is grpc (did you mean protocol: http?)',
  ],
  [
    'type: otlp, endpoint: http://localhost:4317',
    'must be another server, got receivers.otlpGrpc of this daemon: records would loop',
  ],
  [
    'type: otlp, endpoint: http://x, tls: { caFile: a }',
    'sinks.a.tls: requires an endpoint that starts with https://, got http://',
  ],
  [
    'type: otlp, endpoint: https://x, tls: { keyFile: a }',
    'sinks.a.tls: needs both certFile and keyFile, got only one',
  ],
  [
    'type: otlp, endpoint: http://x, headers: { host: x }',
    'sinks.a.headers: has the key "host", but a header must be a valid header name that the protocol does not set itself',
  ],
  [
    'type: otlp, endpoint: http://x, headers: { a: "x", A: "y" }',
    'sinks.a.headers.A: is the same header as a',
  ],
  [
    'type: otlp, endpoint: http://x, headers: { a: "hush\\n" }',
    'a text of visible ASCII characters and spaces, got a string (not shown)',
  ],
  ['type: console, retry: { initial: 1m }', 'sinks.a.retry.initial: must be at most max (30s), got 1m'],
  [
    'type: console, maxBehind: { bytes: 9GiB }',
    'sinks.a.maxBehind.bytes: must be at most journal.maxBytes (8GiB), got 9GiB',
  ],
  [
    'type: file, path: x }, b: { type: file, path: ./y/../x',
    'sinks.b.path: must be a separate file, got that of sinks.a.path',
  ],
  ['type: console }, A: { type: console', 'sinks.A: is the same name as a'],
  [
    'type: console }, ../b: { type: console',
    'sinks: has the key "../b", but a name must consist of letters, digits, - and _, begin with a letter',
  ],
  [
    'type: file, path: .distlogd/journal/x',
    'must not be in the data directory, which is reserved for the daemon',
  ],
  ['type: file, path: .distlogd', 'must not be in the data directory'],
  ['type: store, path: .distlogd/journal', 'must not be in the data directory, except below store/'],
  ['type: file, path: x/', 'sinks.a.path: must be a file, got a directory'],
])('sinks: { a: { %s } } is an error', (text, expected) => {
  const reported = sink(text).join('\n');
  expect(reported).toContain(expected);
  expect(reported).not.toContain('hush');
});

test('a file sink does not overwrite a file that the configuration reads', () => {
  const text = 'receivers: { otlpGrpc: { tokenFile: token } }\nsinks: { a: { type: file, path: token } }';
  expect(errorsOf(text).join()).toContain(
    'sinks.a.path: must be a separate file, got that of receivers.otlpGrpc.tokenFile',
  );
});

test('two segments fit in the journal', () => {
  expect(errorsOf(`${rest}journal: { maxBytes: 100MiB }`).join()).toContain(
    'must be at least 2 times segmentBytes (128MiB), got 100MiB',
  );
});

test('neither the value of a variable nor a secret is shown', () => {
  const reported = [
    ...errorsOf(`${rest}journal: { sync: '\${env:WORD}' }`),
    ...receiver("otlpGrpc: { token: '${env:WORD}' }"),
    ...receiver('otlpGrpc: { token: hush }'),
    ...receiver('otlpGrpc: { token: [hush] }'),
    ...receiver('otlpGrpc: { tls: hush }'),
    ...receiver('zmqAck: { curve: { secretKey: hush, allowFile: a } }'),
  ];
  expect(reported.length).toBeGreaterThanOrEqual(6);
  expect(reported.join('\n')).not.toContain('hush');
  expect(reported[0]).toContain('got the value of WORD (not shown)');
});

test.each([
  ['${env:NOPE}', 'the environment variable NOPE is not set and has no default'],
  ['${env:EMPTY}', 'got the value of EMPTY (not shown)'],
  ['${WORD}', 'a reference must be ${env:NAME} or ${env:NAME:-default}, and a literal $ must be $$'],
  ['${env:1A}', 'a reference must be'],
  ['${env:NOPE:-${env:WORD}}', 'a reference must be'],
  ['${file:/etc/passwd}', 'a reference must be'],
  ['${env:WORD', 'a reference must be'],
])('%s is an error', (text, expected) => {
  const reported = errorsOf(`${rest}data: "${text}"`);
  expect(reported.join('\n')).toContain(expected);
  expect(reported).toHaveLength(1);
});

test.each(['\u202e', '\u2066', '\u0007', '\u009b', '\u0000'])(
  'a character that hides the content of the file is an error: %j',
  (character) => {
    const [error, ...more] = errorsOf(`${rest}data: "a${character}b"`);
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    expect(error).toContain(`distlogd.yaml:3:9: the character U+${code} is not allowed in the file`);
    expect(more).toEqual([]);
    expect(errorsOf(`${rest}# a comment with ${character}`)).toHaveLength(1);
  },
);

test('characters of all languages, and escapes, are valid', () => {
  expect(errorsOf(`${rest}data: "дом/家/\\u202e"`)).toEqual([]);
});

test.each([
  ['a lone byte', [0xff]],
  ['a character that is cut off', [0xe5, 0xae]],
  ['an encoded surrogate', [0xed, 0xa0, 0x80]],
])('%s is an error at its position, even after a replacement character', (_name, wrong) => {
  const bytes = Buffer.concat([
    Buffer.from(`${rest}data: "\ufffd家`),
    Buffer.from(wrong),
    Buffer.from('"\n'),
  ]);
  const result = parseConfig(bytes, { fileName: 'x', environment, directory: '/' });
  expect('errors' in result ? result.errors.map(formatConfigError) : []).toEqual([
    'x:3:10: the file must be text in UTF-8, got an invalid byte',
  ]);
});

test('two sinks on one file are refused, also through a symbolic link', () => {
  const folder = mkdtempSync(join(tmpdir(), 'burstlog-config-'));
  try {
    mkdirSync(join(folder, 'logs'));
    symlinkSync(join(folder, 'logs'), join(folder, 'link'));
    const text = `type: file, path: ${folder}/logs/x }, b: { type: file, path: ${folder}/link/x`;
    expect(sink(text).join()).toContain('sinks.b.path: must be a separate file, got that of sinks.a.path');
    symlinkSync(join(folder, 'logs', 'x'), join(folder, 'y'));
    writeFileSync(join(folder, 'logs', 'x'), '');
    const other = `type: file, path: ${folder}/logs/x }, b: { type: file, path: ${folder}/y`;
    expect(sink(other).join()).toContain('sinks.b.path: must be a separate file, got that of sinks.a.path');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const rules = (text: string) =>
  errorsOf(`receivers: { zmqAck: }\nsinks: { archive: { type: file } }\n${text}\n`);

test.each([
  [
    'rules: { r: { sinks: [archiv] } }',
    '3:15: rules.r.sinks: must be names of sinks, got "archiv"; did you mean archive?',
  ],
  ['rules: { r: { } }', '3:10: rules.r: needs sinks, drop, sample, limit or redact, got none'],
  [
    `rules: { r: { drop: true, when: 'severty_number > 9' } }`,
    '3:27: rules.r.when: is not valid: column 1: unknown path severty_number; did you mean severity_number?',
  ],
  [
    `rules: { r: { drop: true, when: 'IsMatch(body, "x")' } }`,
    'rules.r.when: is not valid: column 15: regular expressions need the package re2js, which is not installed',
  ],
  [
    'match: first\nrules: { all: { sinks: [archive] }, r: { drop: true, sinks: [archive] } }',
    '4:37: rules.r: can never apply: with match: first, the preceding rule all matches every record',
  ],
  ['rules: { r: { sample: 1.5 } }', 'rules.r.sample: must be a number above 0, up to 1, got 1.5'],
  ['rules: { 1: { drop: true } }', 'rules: has the key "1", but a rule must consist of letters'],
  ['rules: { r: { limit: { per: 1m } } }', 'rules.r.limit.records: is required: a whole number'],
  ['tests: { t: { record: { body: x } } }', 'tests.t: needs sinks or dropped: true, got neither'],
  [
    'tests: { t: { record: { body: [x] }, dropped: true } }',
    'tests.t.record.body: must be a string, a number, true or false',
  ],
  ['tests: { t: { record: {}, sinks: [b] } }', 'tests.t.sinks: must be names of sinks, got "b"'],
])('%s is an error', (text, expected) => {
  expect(rules(text).join('\n')).toContain(expected);
});

test.each([
  [
    'type: forward, endpoint: "tcp://10.0.0.5:5011"',
    'sinks.a.curve: is required, or insecure: true, since tcp://10.0.0.5:5011 is on another machine',
  ],
  ['type: forward', 'sinks.a.endpoint: is required: an endpoint such as tcp://10.0.0.5:5011'],
  [
    `type: forward, endpoint: "tcp://127.0.0.1:5911", curve: { serverKey: "${'a'.repeat(40)}" }`,
    'sinks.a.curve: needs secretKey or secretKeyFile, got neither',
  ],
  ['type: publish, endpoint: "tcp://*:5012"', 'sinks.a.endpoint: needs curve, or insecure: true'],
  [
    'type: publish, endpoint: "tcp://127.0.0.1:4317"',
    'sinks.a.endpoint: must be an unused address: port 4317 is used by receivers.otlpGrpc.endpoint',
  ],
])('the sink { %s } is an error', (text, expected) => {
  expect(sink(text).join('\n')).toContain(expected);
});

test('a daemon does not forward to itself', () => {
  const text = 'receivers: { zmqAck: }\nsinks: { a: { type: forward, endpoint: "tcp://127.0.0.1:5011" } }\n';
  expect(errorsOf(text).join()).toContain('must be another server, got receivers.zmqAck of this daemon');
});

test('rules are at most 1,000', () => {
  const rules = (count: number) => {
    const all = Array.from({ length: count }, (_, at) => `r${at}: { drop: true }`);
    return errorsOf(`${rest}rules: { ${all.join(', ')} }`);
  };
  expect(rules(1_000)).toEqual([]);
  expect(rules(1_001)).toEqual(['distlogd.yaml:3:1: rules: must be at most 1000 rules, got 1001']);
});

test('a byte order mark and other line breaks do not change positions', () => {
  const wrong = `x: 1\n${rest}y: 2\n`;
  const places = errorsOf(wrong).map((error) => error.split(': ')[0]);
  expect(places).toEqual(['distlogd.yaml:1:1', 'distlogd.yaml:4:1']);
  for (const same of [`\ufeff${wrong}`, wrong.replaceAll('\n', '\r\n')]) {
    expect(errorsOf(same).map((error) => error.split(': ')[0])).toEqual(places);
  }
});

test('the message for a group that can be turned off mentions it', () => {
  expect(errorsOf(`${rest}http: off\n`).join()).toContain(
    'http: must be false, or a map with keys of endpoint',
  );
});
