// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and units are written so
import { formatFault, parseConfig } from '../../src/config/index.ts';

const environment = { WORD: 'hush', EMPTY: '', SEVEN: '7', TOKEN: 'a-token-that-is-long' };

/** The faults of a text, as the command line prints them. */
function faultsOf(text: string): string[] {
  const result = parseConfig(text, { fileName: 'distlogd.yaml', environment, directory: '/etc/distlogd' });
  return 'faults' in result ? result.faults.map(formatFault) : [];
}

const rest = 'receivers: { zmqAck: }\nsinks: { a: { type: console } }\n';
const receiver = (text: string) => faultsOf(`sinks: { a: { type: console } }\nreceivers: { ${text} }\n`);
const sink = (text: string) => faultsOf(`receivers: { otlpGrpc: }\nsinks: { a: { ${text} } }\n`);

test('all faults come at once, each with its place, in the order of the text', () => {
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
  expect(faultsOf(text)).toEqual([
    'distlogd.yaml:1:1: unknown key "recievers"; did you mean receivers?',
    'distlogd.yaml:4:20: receivers.zmqAck.maxBatchBytes: a size from 64KiB to 1GiB, with its unit, such as 64MiB, got 64',
    'distlogd.yaml:9:17: sinks.archive.rotate.maxBytes: a size from 1MiB or 0, with its unit, such as 64MiB, got "ten"',
    'distlogd.yaml:10:13: sinks.archive.rotate.keep: a whole number from 1 to 100000, got 0',
    'distlogd.yaml:11:18: journal.sync: one of always, never, got "sometimes"',
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
  ['a key far from all', `${rest}shutdown: { zebra: 1 }`, 'shutdown: unknown key "zebra"; known are drain'],
  [
    'a key of a newer version',
    `${rest}rules: []`,
    'unknown key "rules"; a newer distlogd knows it, this one does not',
  ],
  ['a key named like a property of objects', `${rest}constructor: 1`, 'unknown key "constructor"; known are'],
  [
    'a key that stands twice',
    `${rest}data: a\ndata: b`,
    '4:1: data: a key stands once, got it before in line 3',
  ],
  [
    'a duration without a unit',
    `${rest}shutdown: { drain: 10 }`,
    'a duration from 100ms to 1h or 0, with its unit, such as 10s, got 10',
  ],
  ['a size of half a byte', `${rest}journal: { maxBytes: 0.3B }`, 'journal.maxBytes: a size from 4MiB'],
  [
    'a list in the place of a map',
    `${rest}journal: [1]`,
    'journal: a map with keys of segmentBytes, maxBytes, minFreeBytes, sync, producers, got a list',
  ],
  ['a map in the place of a text', `${rest}data: { a: 1 }`, 'data: a path, got a map'],
  ['a number in the place of a text', `${rest}data: 5`, 'data: a path, got 5'],
  [
    'a text in the place of a flag',
    `${rest}ownRecords: { console: yes }`,
    'ownRecords.console: true or false, got "yes"',
  ],
  ['a key without a value', `${rest}data:`, '3:1: data: a path, got nothing'],
  ['an empty file', '', '1:1: receivers: a map, got nothing; the key is needed'],
  [
    'no receiver',
    'receivers:\nsinks: { a: { type: console } }',
    'receivers: at least one of zmqAck, zmqPush, otlpGrpc, otlpHttp, got none',
  ],
  ['no sink', 'receivers: { zmqAck: }\nsinks: {}', '2:1: sinks: at least one name, got none'],
  ['a text for the whole', 'hello', '1:1: a map with keys of data, receivers'],
])('%s is a fault', (_name, text, expected) => {
  expect(faultsOf(text).join('\n')).toContain(expected);
});

test.each([
  [
    'a bracket that is not closed',
    'a: [1\nb: 2',
    '2:1: no valid YAML: the indentation does not fit, or a bracket',
  ],
  ['a tab', 'a:\n\t- b', '2:1: no valid YAML: indentation is made of blanks, not of tabs'],
  ['a second document', `${rest}---\na: 1`, 'no valid YAML: one document in a file'],
  ['an unknown tag', 'a: !secret hush', '1:4: no valid YAML: an unknown tag'],
  ['a tag of YAML 1.1', 'a: !!binary aGVsbG8=', 'no valid YAML: an unknown tag'],
  ['a map as a key', '? { a: 1 }\n: 2', 'no valid YAML: a key is a plain name'],
  ['a wrong escape', 'a: "\\q"', '1:5: no valid YAML: in double quotes a backslash'],
  [
    'a reference in brackets without quotes',
    'a: { b: ${env:WORD}, c: 1 }',
    'inside of { } a ${env:NAME} needs quotes',
  ],
  [
    'an alias of nothing',
    `${rest}data: *x`,
    '3:7: data: an alias of an anchor that stands complete before it',
  ],
  ['an alias of what it stands in', `${rest}data: &x [*x]`, 'an alias of an anchor that stands complete'],
])('%s is told without quoting the text', (_name, text, expected) => {
  const told = faultsOf(text).join('\n');
  expect(told).toContain(expected);
  expect(told).not.toContain('hush');
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
  const faults = faultsOf(text);
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.length).toBeLessThanOrEqual(201);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('an alias stands for the value of its anchor', () => {
  expect(sink('type: file, rotate: &r { keep: 3 } }, b: { type: file, rotate: *r')).toEqual([]);
});

test.each([
  [
    "zmqAck: { endpoint: 'tcp://*:5011' }",
    'receivers.zmqAck.endpoint: 0.0.0.0:5011 can be reached from other machines: needs curve, or insecure: true',
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
    'receivers.otlpHttp.endpoint: port 4317 is taken by receivers.otlpGrpc.endpoint already',
  ],
  [
    'otlpGrpc: { endpoint: 127.0.0.1:5080 }',
    '2:26: receivers.otlpGrpc.endpoint: port 5080 is taken by http.endpoint already',
  ],
  [
    'zmqAck: { endpoint: ipc:///run/a }, zmqPush: { endpoint: ipc:///run/a }',
    '/run/a is taken by receivers.zmqAck.endpoint already',
  ],
  [
    'otlpGrpc: { tls: { certFile: c } }',
    'receivers.otlpGrpc.tls.keyFile: a path, got nothing; the key is needed',
  ],
  ['otlpGrpc: { token: aaaaaaaaaaaaaaaaaaaa, tokenFile: t }', 'takes token or tokenFile, got both'],
  [
    'zmqAck: { curve: { allowFile: a } }',
    'receivers.zmqAck.curve: needs secretKey or secretKeyFile, got neither',
  ],
  ['zmqAck: { curve: { secretKeyFile: a } }', 'needs allow or allowFile, got neither'],
  [
    'zmqAck: { curve: { secretKeyFile: a, allow: [] } }',
    'receivers.zmqAck.curve.allow: a list, each a public key of 40 characters in Z85, as `distlogd keygen` prints it, got an empty list',
  ],
  [
    'zmqAck: { curve: { secretKeyFile: a, allow: [abc] } }',
    'receivers.zmqAck.curve.allow[0]: a public key of 40 characters',
  ],
])('receivers: { %s } is a fault', (text, expected) => {
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
])('receivers: { %s } is right', (text) => {
  expect(receiver(text)).toEqual([]);
});

test.each([
  ['path: x', 'sinks.a.type: one of file, otlp, console, got nothing; the key is needed'],
  [
    'type: store',
    'sinks.a.type: one of file, otlp, console, got "store"; a newer distlogd has it, this one has not',
  ],
  ['type: file, color: auto', 'sinks.a: unknown key "color"'],
  ['type: otlp', 'sinks.a.endpoint: an http:// or https:// URL'],
  ['type: otlp, endpoint: http://me:hush@x', 'got "http://...@x"'],
  ['type: otlp, endpoint: http://x/otlp', 'has no path when protocol is grpc; is protocol: http meant?'],
  [
    'type: otlp, endpoint: http://localhost:4317',
    "is this daemon's own receivers.otlpGrpc: records would go round for ever",
  ],
  [
    'type: otlp, endpoint: http://x, tls: { caFile: a }',
    'sinks.a.tls: needs an endpoint that begins with https://, got http://',
  ],
  ['type: otlp, endpoint: https://x, tls: { keyFile: a }', 'sinks.a.tls.keyFile: needs certFile beside it'],
  [
    'type: otlp, endpoint: http://x, headers: { host: x }',
    "sinks.a.headers: a header's name, none that the protocol itself sets",
  ],
  [
    'type: otlp, endpoint: http://x, headers: { a: "x", A: "y" }',
    'sinks.a.headers.A: is the same header as a',
  ],
  [
    'type: otlp, endpoint: http://x, headers: { a: "hush\\n" }',
    'a text of visible ASCII characters and blanks, got a text (not shown)',
  ],
  ['type: console, retry: { initial: 1m }', 'sinks.a.retry.initial: at most retry.max, 30s, got 1m'],
  [
    'type: console, maxBehind: { bytes: 9GiB }',
    'sinks.a.maxBehind.bytes: at most journal.maxBytes, 8GiB, got 9GiB',
  ],
  [
    'type: file, path: x }, b: { type: file, path: ./y/../x',
    'sinks.b.path: is the same file as sinks.a.path',
  ],
  ['type: console }, A: { type: console', 'sinks.A: is the same name as a'],
  [
    'type: console }, ../b: { type: console',
    'sinks: a name of letters, digits, - and _, beginning with a letter, 64 characters at most, got "../b"',
  ],
  [
    'type: file, path: .distlogd/journal/x',
    'lies in the data directory, where the daemon keeps its own files',
  ],
  ['type: file, path: .distlogd', 'lies in the data directory'],
  ['type: file, path: x/', 'sinks.a.path: a file, got a folder'],
])('sinks: { a: { %s } } is a fault', (text, expected) => {
  const told = sink(text).join('\n');
  expect(told).toContain(expected);
  expect(told).not.toContain('hush');
});

test('a file sink does not overwrite a file that the configuration reads', () => {
  const text = 'receivers: { otlpGrpc: { tokenFile: token } }\nsinks: { a: { type: file, path: token } }';
  expect(faultsOf(text).join()).toContain('sinks.a.path: is the same file as receivers.otlpGrpc.tokenFile');
});

test('two segments fit in the journal', () => {
  expect(faultsOf(`${rest}journal: { maxBytes: 100MiB }`).join()).toContain(
    'at least two segments, 128MiB, got 100MiB',
  );
});

test('what a variable holds is never shown, nor is a secret', () => {
  const told = [
    ...faultsOf(`${rest}journal: { sync: '\${env:WORD}' }`),
    ...receiver("otlpGrpc: { token: '${env:WORD}' }"),
    ...receiver('otlpGrpc: { token: hush }'),
    ...receiver('otlpGrpc: { token: [hush] }'),
    ...receiver('otlpGrpc: { tls: hush }'),
    ...receiver('zmqAck: { curve: { secretKey: hush, allowFile: a } }'),
  ];
  expect(told.length).toBeGreaterThanOrEqual(6);
  expect(told.join('\n')).not.toContain('hush');
  expect(told[0]).toContain('got the value of WORD (not shown)');
});

test.each([
  ['${env:NOPE}', 'the environment variable NOPE is not set, and no default is given'],
  ['${env:EMPTY}', 'got the value of EMPTY (not shown)'],
  ['${WORD}', 'a reference is ${env:NAME} or ${env:NAME:-default}, and $$ is a plain $'],
  ['${env:1A}', 'a reference is'],
  ['${env:NOPE:-${env:WORD}}', 'a reference is'],
  ['${file:/etc/passwd}', 'a reference is'],
  ['${env:WORD', 'a reference is'],
])('%s is a fault', (text, expected) => {
  const told = faultsOf(`${rest}data: "${text}"`);
  expect(told.join('\n')).toContain(expected);
  expect(told).toHaveLength(1);
});
