import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { decodeDistlog, TaskKeys } from '../../src/distlog-json/index.ts';
import { attributeOf, type DecodedLogs, decodeLogs, encodeDecoded, scanLogs } from '../../src/otlp/index.ts';
import { encodeLogs, sdkRecords } from '../otlp/records.ts';
import { expectEqual } from '../support/expect-equal.ts';

const uuid = '2f1c0c8e-5c58-4b0e-9d0e-0123456789ab';
const trace = uuid.replaceAll('-', '');
const idOf = (path: string) => createHash('sha256').update(path).digest('hex').slice(0, 16);

const dictionary = {
  name: 'shop.orders',
  msg: 'order %d',
  args: [7],
  levelname: 'ERROR',
  levelno: 40,
  pathname: '/srv/shop/orders.py',
  filename: 'orders.py',
  module: 'orders',
  exc_info: null,
  exc_text:
    'Traceback (most recent call last):\\n  File "orders.py", line 3, in charge\\n    raise ValueError("no card")\\nshop.errors.CardError: no card: really',
  stack_info: null,
  lineno: 3,
  funcName: 'charge',
  created: 1700000000.123456,
  msecs: 123,
  relativeCreated: 5.5,
  thread: 140_735_123_456_789,
  threadName: 'MainThread',
  processName: 'MainProcess',
  process: 4711,
  taskName: null,
  message: 'order 7\\nfailed',
  asctime: '2023-11-14 22:13:20,123',
  hostname: 'web-1',
  customer: { id: 12345678901234567890n },
  context: { key: `3@${uuid}/1/2`, amount: 42, card: { kind: 'debit' } },
};

/** Like Python's json.dumps: an integer of any length without quotes. */
function bodyOf(fields: object): Uint8Array {
  const marked = JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? `<${value}>` : value));
  return Buffer.from(marked.replaceAll(/"<(\d+)>"/g, '$1'));
}

const topic = (letters: string) => Buffer.from(letters);

function only(logs: DecodedLogs) {
  expect(scanLogs(encodeDecoded(logs)).records).toBe(1);
  const resource = logs.resources[0]!;
  const scope = resource.scopes[0]!;
  return { resource, scope, record: scope.records[0]! };
}

test('a record of Python distlog becomes one of OpenTelemetry', () => {
  const { resource, scope, record } = only(decodeDistlog(topic('PLJ'), bodyOf(dictionary)));
  expect(resource.attributes).toEqual([
    ['host.name', 'web-1'],
    ['process.pid', 4711],
    ['distlog.system', 'P'],
  ]);
  expect(scope.name).toBe('shop.orders');
  expect(record).toMatchObject({
    timeUnixNano: 1_700_000_000_123_456_000n,
    severityNumber: 17,
    severityText: 'ERROR',
    body: 'order 7\nfailed',
    traceId: trace,
    spanId: idOf(`${trace}/1/2`),
  });
  expect(record.attributes).toEqual([
    ['task.id', idOf(`${trace}/1/2`)],
    ['task.sequence', 4],
    ['task.parent.id', idOf(`${trace}/1`)],
    ['distlog.key', `3@${uuid}/1/2`],
    ['code.file.path', '/srv/shop/orders.py'],
    ['code.line.number', 3],
    ['code.function.name', 'charge'],
    ['thread.id', 140_735_123_456_789],
    ['thread.name', 'MainThread'],
    ['exception.stacktrace', dictionary.exc_text.replaceAll('\\n', '\n')],
    ['exception.type', 'shop.errors.CardError'],
    ['exception.message', 'no card: really'],
    ['amount', 42],
    ['card', { entries: [['kind', 'debit']] }],
    ['processName', 'MainProcess'],
    ['customer', { entries: [['id', '12345678901234567890']] }],
  ]);
});

test('a task and its subtasks are in one trace, each child below its parent', () => {
  const keys = new TaskKeys();
  const root = keys.placeOf(`1@${uuid}`)!;
  const child = keys.placeOf(`1@${uuid.toUpperCase()}/1`)!;
  const grandchild = keys.placeOf(`9@${trace}/1/2`)!;
  expect([root, child, grandchild].map(({ traceId }) => traceId)).toEqual([trace, trace, trace]);
  expect(root.attributes.map(([name]) => name)).toEqual(['task.id', 'task.sequence']);
  expect(child.attributes[2]).toEqual(['task.parent.id', root.spanId]);
  expect(grandchild.attributes[2]).toEqual(['task.parent.id', child.spanId]);
  for (const key of ['', 'x', '1@', `@${uuid}`, `1@${uuid}/`, `1@${uuid}/x`, `-1@${uuid}`]) {
    expect(keys.placeOf(key)).toBeUndefined();
  }
});

test('the first record of a task is its start, and has its name', () => {
  const start = { message: 'charge 42 for leo', msg: 'charge %d for %s', levelno: 20, name: 'root' };
  const read = (fields: object, key = `0@${uuid}/1`) =>
    only(decodeDistlog(topic('PLJ'), bodyOf({ ...start, ...fields, context: { key } }))).record;
  const nameOf = ({ attributes }: ReturnType<typeof read>) => attributeOf(attributes, 'task.name');
  expect(read({})).toMatchObject({ eventName: 'task.started', body: 'charge 42 for leo' });
  expect(nameOf(read({}))).toBe('charge %d for %s');
  expect(attributeOf(read({}).attributes, 'task.sequence')).toBe(1);
  expect(nameOf(read({ msg: undefined }))).toBe('charge 42 for leo');
  const others = [
    read({}, `1@${uuid}/1`),
    // The root logger drops INFO, so the first record is a different one.
    read({ levelno: 30 }),
    read({ name: 'shop' }),
    read({}, 'odd'),
  ];
  for (const record of others) {
    expect(record.eventName).toBe('');
    expect(nameOf(record)).toBeUndefined();
  }
});

test('a key that is not from distlog is kept unchanged', () => {
  const { record } = only(
    decodeDistlog(topic('TLJ'), bodyOf({ message: 'm', context: { key: 'odd', a: 1 } })),
  );
  expect(record).toMatchObject({ traceId: '', spanId: '' });
  expect(record.attributes).toEqual([
    ['distlog.key', 'odd'],
    ['a', 1],
  ]);
});

test('levels between the known ones are finer severities', () => {
  const levels = [0, 5, 10, 15, 20, 25, 30, 40, 41, 50, 60, 1_000, -1];
  const severities = levels.map(
    (levelno) => only(decodeDistlog(topic('PLJ'), bodyOf({ levelno }))).record.severityNumber,
  );
  expect(severities).toEqual([0, 1, 5, 8, 9, 12, 13, 17, 18, 21, 24, 24, 0]);
});

test('NaN and Infinity, which Python writes into JSON, are numbers', () => {
  const body = Buffer.from('{"message":"NaN","a":NaN,"b":[Infinity,-Infinity],"c":"say \\"NaN, Infinity"}');
  expect(only(decodeDistlog(topic('PLJ'), body)).record.attributes).toEqual([
    ['a', Number.NaN],
    ['b', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['c', 'say "NaN, Infinity'],
  ]);
});

test('a Python record in which every field is missing or invalid is still a record', () => {
  const odd = { created: 'now', levelno: 'x', name: 5, message: 7, context: [], exc_text: 1, hostname: null };
  const { record, scope } = only(decodeDistlog(topic('SPJ'), bodyOf(odd)));
  expect(record).toMatchObject({ timeUnixNano: 0n, severityNumber: 0, body: 7, attributes: [] });
  expect(scope.name).toBe('');
  expect(only(decodeDistlog(topic('SPJ'), bodyOf({}))).resource.attributes).toEqual([
    ['distlog.system', 'S'],
    ['distlog.kind', 'P'],
  ]);
});

test('the encoding O is OTLP', () => {
  const bytes = encodeLogs(sdkRecords([{ body: 'a' }]));
  expect(decodeDistlog(topic('TLO'), bytes)).toEqual(decodeLogs(bytes));
  expect(() => decodeDistlog(topic('TLO'), Buffer.from([1]))).toThrow(
    expect.objectContaining({ cause: 'protobuf' }),
  );
});

test('other topics and bodies are refused with their cause', () => {
  for (const letters of ['', 'XLJ', 'PXJ', 'PLX', 'PPO', 'PLJJ', 'plj', 'PL']) {
    expect(() => decodeDistlog(topic(letters), bodyOf({}))).toThrow(
      expect.objectContaining({ cause: 'unsupported' }),
    );
  }
  for (const body of ['', 'x', '1', '"a"', '[1]', '[[]]', '{"a":']) {
    expect(() => decodeDistlog(topic('PLJ'), Buffer.from(body))).toThrow(
      expect.objectContaining({ cause: 'json' }),
    );
  }
  const deep = Buffer.from(`{"a":${'[{"a":'.repeat(80)}1${'}]'.repeat(80)}}`);
  expect(() => decodeDistlog(topic('PLJ'), deep)).toThrow(expect.objectContaining({ cause: 'too_deep' }));
});

test('pickles are read only if enabled, and mean the same as JSON', () => {
  // {'message': 'hi', 'levelno': 30, 'context': {'key': 'k', 'a': 2.0}}, protocol 2
  const pickle = Buffer.from(
    '80027d71002858070000006d657373616765710158020000006869710258070000006c6576656c6e6f71034b1e5807000000636f6e7465787471047d7105285803000000' +
      '6b65797106580100000061710758010000006a71084740000000000000007575752e'.replace('757575', '7575'),
    'hex',
  );
  expect(() => decodeDistlog(topic('PLP'), pickle)).toThrow(
    'topic "PLP" announces a pickle, and pickles are disabled',
  );
  const { record } = only(decodeDistlog(topic('PLP'), pickle, { pickle: true }));
  expect(record).toMatchObject({ body: 'hi', severityNumber: 13 });
  expect(record.attributes).toEqual([
    ['distlog.key', 'a'],
    ['j', { double: 2 }],
  ]);
  expect(() => decodeDistlog(topic('PLP'), Buffer.from('N.'), { pickle: true })).toThrow(
    'does not contain a dictionary',
  );
  expect(() => decodeDistlog(topic('PLP'), Buffer.from('cos\nsystem\n.'), { pickle: true })).toThrow(
    'GLOBAL',
  );
});

test('a pickle that contains itself, or expands too much, is refused', () => {
  const itself = Buffer.from('}q\x00X\x01\x00\x00\x00ah\x00s.', 'latin1');
  expect(() => decodeDistlog(topic('PLP'), itself, { pickle: true })).toThrow(
    expect.objectContaining({ cause: 'too_deep' }),
  );
  const doubled = Array.from({ length: 30 }, () => '2\x86').join('');
  const laughs = Buffer.from(`}X\x01\x00\x00\x00aN${doubled}s.`, 'latin1');
  expect(() => decodeDistlog(topic('PLP'), laughs, { pickle: true })).toThrow(
    expect.objectContaining({ cause: 'too_large' }),
  );
});

test('sets within sets are bounded in depth, exactly as lists are', () => {
  const within = (begin: string, end: string, levels: number) =>
    Buffer.from(`}X\x01\x00\x00\x00a${begin.repeat(levels)}N${end.repeat(levels)}s.`, 'latin1');
  const read = (pickle: Buffer) => decodeDistlog(topic('PLP'), pickle, { pickle: true });
  const deepest = (begin: string, end: string) => {
    for (let levels = 1; ; levels += 1) {
      try {
        read(within(begin, end, levels));
      } catch (error) {
        expect(error).toMatchObject({ cause: 'too_deep' });
        return levels - 1;
      }
    }
  };
  // A frozenset, a tuple of protocol 0, and a tuple of one.
  expect([deepest('(', '\x91'), deepest('(', 't'), deepest('', '\x85')]).toEqual([47, 47, 47]);
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

(hasPython ? test : test.skip)('what the logging and json of this machine’s Python write is read', () => {
  const program = `
import logging, json, pickle, sys, socket
class Keep(logging.Handler):
    def emit(self, record):
        fields = dict(record.__dict__)
        fields['exc_text'] = logging.Formatter().formatException(record.exc_info).replace('\\n', '\\\\n')
        fields.update(exc_info=None, message=record.getMessage().replace('\\n', '\\\\n'), hostname=socket.gethostname())
        fields['context'] = {'key': '2@${uuid}/1', 'ratio': float('nan'), 'big': 2**60}
        print(json.dumps({'json': json.dumps(fields), 'pickle': pickle.dumps(fields).hex()}))
log = logging.getLogger('python.test')
log.addHandler(Keep())
try:
    {}['missing']
except KeyError:
    log.exception('it %s\\nhere', 'failed', extra={'user': 'leo'})
`;
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const { json, pickle } = JSON.parse(stdout);
  const read = [
    only(decodeDistlog(topic('TLJ'), Buffer.from(json))),
    only(decodeDistlog(topic('TLP'), Buffer.from(pickle, 'hex'), { pickle: true })),
  ];
  for (const { record, scope, resource } of read) {
    expect(scope.name).toBe('python.test');
    expect(record).toMatchObject({ body: 'it failed\nhere', severityNumber: 17, traceId: trace });
    const attributes = Object.fromEntries(record.attributes);
    expect(attributes).toMatchObject({
      'exception.type': 'KeyError',
      'exception.message': "'missing'",
      user: 'leo',
      ratio: Number.NaN,
      big: 2n ** 60n,
      'task.parent.id': idOf(trace),
    });
    expect(attributes['exception.stacktrace']).toMatch(/^Traceback .*\n {2}File/);
    expect(resource.attributes.map(([name]) => name)).toEqual(['host.name', 'process.pid', 'distlog.system']);
  }
});

/**
 * Random dictionaries, each in JSON and as a pickle of every protocol. No name has a backslash: after one,
 * JSON.parse() of Node.js 24 reads other names with an escape as that one (nodejs/node#63785).
 */
const PAIRS = `
import json, pickle, random
random.seed(20261130)
texts = ['', 'a', '__proto__', 'constructor', 'line\\nline', 'ü€🚚', 'NaN', '"', '\\\\', '\\x00\\x1b', '\\u2028', '12345678901234567890', 'x' * 300]
names = [text for text in texts if text != '\\\\']
def number():
    kind = random.randrange(4)
    if kind == 0: return random.choice([0, 1, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -2**63, 2**63, 10**40, -10**60])
    if kind == 1: return random.getrandbits(random.randrange(1, 70)) * random.choice([1, -1])
    if kind == 2: return random.choice([float('nan'), float('inf'), float('-inf'), 0.5, 1e-300, 1.7976931348623157e308, 5e-324, 1e16, 2.0, -0.0])
    return random.uniform(-1e20, 1e20)
def value(depth):
    kind = random.randrange(8 if depth else 5)
    if kind == 0: return random.choice([None, True, False])
    if kind <= 2: return number()
    if kind <= 4: return random.choice(texts)
    if kind == 5: return [value(depth - 1) for _ in range(random.randrange(4))]
    if kind == 6: return tuple(value(depth - 1) for _ in range(random.randrange(4)))
    return {random.choice(names): value(depth - 1) for _ in range(random.randrange(4))}
for _ in range(80):
    fields = {'message': random.choice(texts), 'levelno': random.choice([10, 25, 40]), 'created': random.uniform(0, 2e9)}
    fields['context'] = {random.choice(names): value(3) for _ in range(3)}
    for _ in range(4): fields['extra ' + random.choice(names)] = value(3)
    pickles = [pickle.dumps(fields, protocol).hex() for protocol in range(6)]
    print(json.dumps({'json': json.dumps(fields), 'ascii': json.dumps(fields, ensure_ascii=False), 'pickles': pickles}))
`;

/** JSON does not distinguish 2.0 from 2. */
function withoutKinds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutKinds);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  if ('double' in value) return withoutKinds(value.double);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutKinds(each)]));
}

(hasPython ? test : test.skip)('a record means the same in JSON and in a pickle of every protocol', () => {
  const { stdout, stderr } = spawnSync('python3', ['-c', PAIRS], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  expect(stderr).toBe('');
  const pairs = stdout.trimEnd().split('\n');
  expect(pairs).toHaveLength(80);
  for (const pair of pairs) {
    const { json, ascii, pickles } = JSON.parse(pair);
    const expected = withoutKinds(decodeDistlog(topic('PLJ'), Buffer.from(json)));
    expectEqual(withoutKinds(decodeDistlog(topic('PLJ'), Buffer.from(ascii))), expected);
    for (const pickle of pickles) {
      const logs = decodeDistlog(topic('PLP'), Buffer.from(pickle, 'hex'), { pickle: true });
      expectEqual(withoutKinds(logs), expected);
      expectEqual(decodeLogs(encodeDecoded(logs)), logs);
    }
  }
});
