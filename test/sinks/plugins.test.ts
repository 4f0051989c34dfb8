import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distlogd } from '../../src/cli/distlogd/distlogd.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import { loadPlugins, parseConfig, pluginsIn } from '../../src/config/index.ts';
import { Daemon } from '../../src/daemon/index.ts';
import { decodeJsonLogs } from '../../src/otlp/index.ts';
import { fakeIo } from '../cli/support/fake-io.ts';
import { daemonsForEachTest } from '../daemon/support/daemon-process.ts';
import { jsonRequest, postJson } from '../daemon/support/json-request.ts';
import { loadedConfig } from '../daemon/support/loaded-config.ts';
import { folderForEachTest } from './support/folder.ts';

const root = join(__dirname, '../..');
const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

async function send(endpoint: string, ...bodies: readonly string[]): Promise<void> {
  await post(endpoint, jsonRequest(...bodies));
}

async function post(endpoint: string, body: string): Promise<void> {
  expect(await postJson(endpoint, body)).toBe(200);
}

/** A server that accepts posts. `answers` are used first, then 200. */
async function listening(answers: number[], posted: (body: string, key: unknown) => void): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const status = answers.shift() ?? 200;
      response.writeHead(status).end();
      if (status === 200) posted(text, request.headers['idempotency-key']);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}

/** Writes a module into the test's folder. */
function plugin(name: string, code: string): void {
  writeFileSync(join(folder(), name), code);
}

function sinkOf(type: string, methods: string, more = ''): string {
  return `{ type: '${type}', meaning: 'A test.', options: {${more}}, make: (options, tools) => (${methods}) }`;
}

const config = (rest: string) => `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
http: false
ownRecords: { severity: FATAL, console: false }
${rest}
`;

test('plugins that were packed and installed get records by the names of their packages', async () => {
  const posts: { body: string; attributes: Record<string, unknown> }[] = [];
  const keys = new Set<unknown>();
  let all = () => {};
  const arrived = new Promise<void>((done) => {
    all = done;
  });
  const server = await listening([503, 400], (text, key) => {
    posts.push(...JSON.parse(text));
    keys.add(key);
    if (posts.some(({ body }) => body === 'second')) all();
  });
  const npm = (cwd: string, ...args: readonly string[]) =>
    execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const examples = ['./plugin-webhook', './plugin-pseudonym'];
  const packed = npm(join(root, 'examples'), 'pack', ...examples, '--silent', '--pack-destination', folder());
  writeFileSync(join(folder(), 'package.json'), '{ "private": true }');
  npm(
    folder(),
    ...[
      'install',
      '--offline',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--no-audit',
      '--no-fund',
      ...packed
        .trim()
        .split('\n')
        .map((name) => `./${name}`),
    ],
  );
  symlinkSync(root, join(folder(), 'node_modules/burstlog'));
  const file = join(folder(), 'distlogd.yaml');
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    file,
    `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
plugins: [distlogd-webhook, distlogd-pseudonym]
processors:
  who: { type: pseudonym, keys: 'user, ip', secret: 0123456789abcdef }
sinks:
  hook: { type: webhook, url: "http://127.0.0.1:${port}/", timeout: 2s, retry: { initial: 10ms, max: 10ms } }
http: { endpoint: "127.0.0.1:0" }
rules: { own: { when: 'instrumentation_scope.name == "distlogd"', drop: true } }
`,
  );
  const daemon = start(['-c', file]);
  const { otlpHttp, http } = await daemon.ready();
  // Retried after the 503, and rejected then: a dead letter.
  await send(otlpHttp!, 'first');
  const status = async () => (await (await fetch(`${http}/status`)).json()) as ReturnType<Daemon['report']>;
  while ((await status()).sinks[0]!.deadLetters.records === 0)
    await new Promise((done) => setTimeout(done, 20));
  const attributes = ['user', 'order'].map((key) => ({ key, value: { stringValue: 'leo' } }));
  const logRecords = [{ body: { stringValue: 'second' }, attributes }];
  await post(otlpHttp!, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
  await arrived;
  daemon.kill('SIGTERM');
  expect(await daemon.exit).toEqual([0, null]);
  const hashed = createHmac('sha256', '0123456789abcdef').update('leo').digest('hex').slice(0, 16);
  expect(posts).toMatchObject([{ body: 'second', attributes: { user: hashed, order: 'leo' } }]);
  expect([...keys][0]).toMatch(/^[0-9a-f]{32}-\d+-1$/);
  server.close();
}, 60_000);

const program = pathToFileURL(join(root, 'build/processors/processor-program.js'));

function processorOf(name: string, each: string): void {
  plugin(
    name,
    `exports.plugin = { burstlog: 1, processors: [{ type: 'each', meaning: '', options: { word: { kind: 'text', meaning: '' } },
      make: ({ word }) => ({ process: (group) => [{ ...group, records: group.records.flatMap(${each}) }] }) }] };`,
  );
}

/** The bodies in the file of a sink. */
function written(name: string): unknown[] {
  const lines = readFileSync(join(folder(), name), 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) =>
    decodeJsonLogs(line).resources.flatMap(({ scopes }) =>
      scopes.flatMap(({ records }) => records.map(({ body }) => body)),
    ),
  );
}

test('rules get the output of processors; failures become dead letters, which a repaired processor accepts', async () => {
  processorOf(
    'p.cjs',
    '(r) => { if (r.body === "bad") throw new Error("no"); return r.body === "drop" ? [] : [{ ...r, body: word + r.body }] }',
  );
  processorOf('repaired.cjs', '(r) => [{ ...r, body: "now " + r.body }]');
  const text = (file: string, type: string) =>
    config(`plugins: [${file}]
processors: { p: { type: each, word: "the ", timeout: 5s } }
rules: { only: { when: 'body == "the a" or body == "now bad"', sinks: [out] } }
sinks: { out: { type: file, path: out.jsonl }, all: { type: ${type}, path: all.jsonl } }`);
  const daemon = await Daemon.start(await loadedConfig(text('./p.cjs', 'file'), folder()), {
    version: '1',
    processorProgram: program,
  });
  const { otlpHttp } = daemon.endpoints;
  await send(otlpHttp!, 'a', 'drop', 'b');
  await send(otlpHttp!, 'good', 'bad');
  while (daemon.report().sinks.some(({ deadLetters }) => deadLetters.records < 2))
    await new Promise((done) => setTimeout(done, 10));
  expect(daemon.report().processors).toMatchObject([{ name: 'p', type: 'each', batches: 1, failures: 1 }]);
  await daemon.reload(await loadedConfig(text('./repaired.cjs', 'file'), folder()));
  await daemon.replayDeadLetters('out');
  await send(otlpHttp!, 'c');
  await daemon.stop();
  expect(written('out.jsonl')).toEqual(['the a', 'now bad']);
  expect(written('all.jsonl')).toEqual(['the a', 'the b', 'now c']);
  expect(daemon.report().sinks).toMatchObject([
    { filtered: { p: 1, not_routed: 3 }, rejected: { processor: { batches: 1, records: 2 } } },
    { filtered: { p: 1 }, rejected: { processor: { batches: 1, records: 2 } } },
  ]);
});

test('a plugin that throws, or returns no sink, affects its own sink only', async () => {
  plugin(
    'bad.cjs',
    `exports.plugin = { burstlog: 1, sinks: [
      ${sinkOf('throws', `{ open: async () => {}, write: () => { throw 'no' }, close: async () => { throw 1 }, counters: () => ({ fine: 1, 'Not a name': 2, none: 'x' }) }`)},
      ${sinkOf('none', 'undefined')},
      ${sinkOf('unmade', '(() => { throw new Error("cannot be made") })()')},
    ] };`,
  );
  const text = config(`plugins: [./bad.cjs]
sinks:
  out: { type: file, path: out.jsonl }
  a: { type: throws, retry: { initial: 10ms, max: 10ms } }
  b: { type: none, retry: { initial: 10ms, max: 10ms } }
  c: { type: unmade, retry: { initial: 10ms, max: 10ms } }`);
  const daemon = await Daemon.start(await loadedConfig(text, folder()), { version: '1' });
  await send(daemon.endpoints.otlpHttp!, 'one');
  const sinks = () => daemon.report().sinks;
  while (
    sinks()[0]!.written.records === 0 ||
    sinks().filter(({ trouble }) => trouble !== undefined).length < 3
  ) {
    await new Promise((done) => setTimeout(done, 10));
  }
  expect(sinks().map(({ trouble }) => trouble?.replace(/^.*?: /, ''))).toEqual([
    undefined,
    expect.stringContaining('no'),
    'make() returned a sink without open, write, close',
    'cannot be made',
  ]);
  expect(sinks()[1]!.own).toEqual({ fine: 1 });
  await daemon.stop(100);
  expect(readFileSync(join(folder(), 'out.jsonl'), 'utf8')).toContain('one');
});

test('a plugin gets its options as its definition says, and its state back', async () => {
  plugin(
    'good.cjs',
    `const fs = require('node:fs');
    exports.plugin = { burstlog: 1, sinks: [${sinkOf(
      'states',
      `{
        open: async (state) => fs.appendFileSync(options.path, JSON.stringify({ state: state ?? null, options, name: tools.name, id: tools.journalId.length }) + '\\n'),
        write: async (entries) => ({ last: entries.at(-1).index }),
        close: async () => {},
      }`,
      `path: { kind: 'path', meaning: 'A.' }, size: { kind: 'bytes', meaning: 'B.', default: 1024, max: 65536 }, word: { kind: 'choice', names: ['a', 'b'], meaning: 'C.', isOptional: true }`,
    )}] };`,
  );
  const text = config(`plugins: [./good.cjs]
sinks: { mine: { type: states, path: ./states, size: 2KiB } }`);
  for (let run = 0; run < 2; run += 1) {
    const daemon = await Daemon.start(await loadedConfig(text, folder()), { version: '1' });
    await send(daemon.endpoints.otlpHttp!, 'one');
    await daemon.stop();
  }
  const path = join(folder(), 'states');
  const opened = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(opened).toEqual([
    { state: null, options: { path, size: 2_048 }, name: 'mine', id: 16 },
    { state: { last: 1 }, options: { path, size: 2_048 }, name: 'mine', id: 16 },
  ]);
});

test.each([
  ['./missing.cjs', undefined, 'Cannot find module'],
  ['no-such-package', undefined, 'Cannot find'],
  ['./throws.cjs', 'throw new Error("at once")', 'at once'],
  ['./empty.cjs', '', 'does not export a plugin: expected { burstlog: 1, sinks: [...] } as plugin'],
  ['./newer.cjs', 'exports.plugin = { burstlog: 2 }', 'is for version 2 of the plugin contract, expected 1'],
  ['./none.cjs', 'exports.plugin = { burstlog: 1 }', 'has no list of sinks or processors'],
  [
    './many.cjs',
    `exports.plugin = { burstlog: 1, processors: [{ type: 'x', options: { timeoutMillis: {} }, make() {} }] }`,
    'has an option timeoutMillis, which every processor has',
  ],
  [
    './unmade.cjs',
    `exports.plugin = { burstlog: 1, processors: [{ type: 'x', options: {} }] }`,
    'has no make() for its processor x',
  ],
  [
    './name.cjs',
    `exports.plugin = { burstlog: 1, sinks: [${sinkOf('A b', '1')}] }`,
    'has a sink whose type is not',
  ],
  [
    './taken.cjs',
    `exports.plugin = { burstlog: 1, sinks: [${sinkOf('file', '1')}] }`,
    'has a sink of type file, which already exists',
  ],
  [
    './bare.cjs',
    `exports.plugin = { burstlog: 1, sinks: [{ type: 'x', options: {} }] }`,
    'has no make() for its sink x',
  ],
  [
    './kind.cjs',
    `exports.plugin = { burstlog: 1, sinks: [${sinkOf('x', '1', `o: { kind: 'color', meaning: '' }`)}] }`,
    'has an option o of an unknown kind "color"',
  ],
  [
    './own.cjs',
    `exports.plugin = { burstlog: 1, sinks: [${sinkOf('x', '1', `retry: { kind: 'flag', meaning: '' }`)}] }`,
    'has an option retry, which every sink has',
  ],
])('the plugin %s is an error of the configuration', async (name, code, expected) => {
  if (code !== undefined) plugin(name, code);
  const text = config(`sinks: { a: { type: console } }\nplugins: ["${name}"]`);
  const source = { fileName: 'distlogd.yaml', environment: {}, directory: folder() };
  const extensions = await loadPlugins(pluginsIn(text, source), folder());
  const result = parseConfig(text, { ...source, extensions });
  expect(result).toMatchObject({
    errors: [{ line: 6, path: 'plugins', message: expect.stringContaining(expected) }],
  });
});

test('options of a plugin that are not valid are reported like those of the daemon', async () => {
  plugin(
    'good.cjs',
    `exports.plugin = { burstlog: 1, sinks: [${sinkOf('x', '1', `size: { kind: 'bytes', min: 1024, meaning: '' }, key: { kind: 'text', isSecret: true, pattern: /^k/, expected: 'a key', meaning: '' }`)}] }`,
  );
  const text = config('plugins: [./good.cjs]\nsinks: { a: { type: x, size: 5B, key: secret, colour: red } }');
  const source = { fileName: 'distlogd.yaml', environment: {}, directory: folder() };
  const result = parseConfig(text, {
    ...source,
    extensions: await loadPlugins(pluginsIn(text, source), folder()),
  });
  expect('errors' in result && result.errors.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'sinks.a.size: must be a size of at least 1KiB (example: 64MiB), got "5B"',
    'sinks.a.key: must be a key, got a string (not shown)',
    expect.stringContaining('sinks.a: unknown key "colour"'),
  ]);
});

test.each([
  ['{ type: each, word: w, retries: 1 }', 'processors.p: unknown key "retries"'],
  ['{ type: each }', 'processors.p.word: is required: a text'],
  ['{ type: eech, word: w }', 'processors.p.type: must be each, got "eech"'],
  ['{ type: each, word: w, timeout: 2h }', 'processors.p.timeout: must be a duration'],
])('a processor %s is an error of the configuration', async (given, expected) => {
  processorOf('p.cjs', '(r) => [r]');
  const text = config(`plugins: [./p.cjs]\nprocessors: { p: ${given} }\nsinks: { a: { type: console } }`);
  await expect(loadedConfig(text, folder())).rejects.toThrow(expected.split(': ')[0]);
  await expect(loadedConfig(text, folder())).rejects.toThrow(
    JSON.stringify(expected.split(': ')[1]).slice(1, -1),
  );
});

test('distlogd loads the modules of docs/plugins.md under the names that the page gives them', () => {
  const page = readFileSync(join(root, 'docs/plugins.md'), 'utf8');
  const [code] = page.match(/(?<=^```js\n)export[\s\S]*?(?=^```$)/m)!;
  const [yaml] = page.match(/(?<=^```yaml\n)[\s\S]*?(?=^```$)/m)!;
  const [name] = yaml.match(/(?<=plugins: \[\.\/)[^\]]+/)!;
  plugin(name, code);
  writeFileSync(join(folder(), 'distlogd.yaml'), yaml);
  const program = join(root, 'dist/esm/cli/distlogd.js');
  const valid = execFileSync(process.execPath, [program, 'validate', '-c', join(folder(), 'distlogd.yaml')]);
  expect(String(valid)).toContain('sinks out');
});

test('the plugins and the configurations of docs/plugins.md work', async () => {
  const page = readFileSync(join(root, 'docs/plugins.md'), 'utf8');
  const blocks = (language: string) =>
    [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block!);
  const [lines, region] = blocks('js').map((code) =>
    code.replace('export const plugin =', 'exports.plugin ='),
  );
  // jest loads CommonJS only.
  const [sink, processor] = blocks('yaml').map((text) => text.replace('.mjs]', '.js]'));
  plugin('lines.js', lines!);
  plugin('region.js', region!);
  const loaded = await loadedConfig(sink!, folder());
  expect(loaded.config.sinks[0]).toMatchObject({ type: 'lines', name: 'out', prefix: 'got', onFull: 'skip' });
  writeFileSync(
    join(folder(), 'distlogd.yaml'),
    `${processor}tests:
  it is there: { record: { body: a }, sinks: [out], expect: { resource: { cloud.region: eu-west-1 } } }
  it is not there: { record: { body: a }, sinks: [out], expect: { resource: { cloud.region: x } } }
`,
  );
  const { io, out } = fakeIo(folder());
  const none = () => Promise.reject(new Error('no daemon here'));
  await runProgram(distlogd(none, program), ['test', '-c', 'distlogd.yaml'], io);
  expect(out).toEqual([
    'ok     it is there',
    'FAILED it is not there',
    '         out receives resource attribute cloud.region "eu-west-1", expected "x"',
    '1 of 2 tests passed',
  ]);
});
