// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and units are written so
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distlogd } from '../../../src/cli/distlogd/distlogd.ts';
import { ExitCode } from '../../../src/cli/exit-code.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { curvePublicKey } from '../../../src/net/index.ts';
import { fakeIo } from '../support/fake-io.ts';

let room: string;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-cli-'));
});

afterEach(() => rmSync(room, { recursive: true, force: true }));

/** Runs a command line in this process. */
async function ran(args: readonly string[]) {
  const { io, out, err } = fakeIo(room);
  const code = await runProgram(
    distlogd(() => Promise.reject(new Error('no daemon here'))),
    args,
    io,
  );
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const valid = 'receivers: { zmqAck: }\nsinks: { a: { type: console } }\n';

test.each([
  [
    [],
    'distlogd: expected a command: run, validate, test, status, keygen, dlq, release; see distlogd --help',
  ],
  [
    ['valdate'],
    'unknown command "valdate"; did you mean validate? Expected one of run, validate, test, status, keygen, dlq, release',
  ],
  [['xyzzy'], 'unknown command "xyzzy"; expected one of run, validate, test, status, keygen, dlq, release'],
  [['--config', 'x', 'run'], 'the command must come first, got "--config"'],
  [['run', '--confg', 'x'], 'distlogd run: unknown option --confg; did you mean --config?'],
  [['run', '-x'], 'unknown option -x; expected one of --config, --data, --help'],
  [['run', '--config'], '--config needs a value: FILE'],
  [['run', '--config', '--data', 'x'], '--config needs a value: FILE'],
  [['run', '--config='], '--config needs a value: FILE'],
  [['run', '-c', 'a', '-c', 'b'], 'distlogd run: --config is given twice; see distlogd run --help'],
  [['run', '--help=yes'], '--help takes no value'],
  [['run', 'fast'], 'expected only options, got "fast"'],
  [['run', '--__proto__=1'], 'unknown option --__proto__'],
  [['dlq'], 'distlogd dlq: expected list, or replay and the name of a sink'],
  [['dlq', 'replay'], 'distlogd dlq: expected list, or replay and the name of a sink'],
  [['dlq', 'replay', 'fil'], 'distlogd dlq: no sink "fil"; did you mean file?'],
])('distlogd %j is wrong usage', async (args, expected) => {
  const { code, err, out } = await ran(args);
  expect(err).toContain(expected);
  expect(err).toMatch(/; see distlogd .*--help$/);
  expect(code).toBe(64);
  expect(out).toBe('');
});

test.each([[['--version']], [['-V']]])('distlogd %j prints the version', async (args) => {
  expect(await ran(args)).toEqual({ code: 0, out: '1.2.3', err: '' });
});

test.each([[['--help']], [['-h']], [['help']]])('distlogd %j names all commands', async (args) => {
  const { code, out } = await ran(args);
  expect(code).toBe(0);
  for (const name of ['run', 'validate', 'test', 'status', 'keygen', 'dlq', 'release'])
    expect(out).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
});

test.each(['run', 'validate', 'test', 'status', 'keygen', 'dlq', 'release'])(
  '%s has a help of its own',
  async (name) => {
    const { code, out } = await ran([name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`usage: distlogd ${name} `);
    expect(out).toContain('-h, --help');
    expect((await ran(['help', name])).out).toBe(out);
  },
);

test('validate prints what a valid configuration opens', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), valid);
  expect(await ran(['validate', '-c', 'distlogd.yaml'])).toEqual({
    code: 0,
    out: 'distlogd.yaml is valid: receivers zmqAck; sinks a\nmemory: at most 849 MiB according to its limits',
    err: '',
  });
});

test('validate reports every error with its place, and ends with 78', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}jurnal: 1\ndata: 5\n`);
  const { code, out, err } = await ran(['validate', '--config', 'distlogd.yaml']);
  expect(code).toBe(78);
  expect(out).toBe('');
  expect(err).toBe(
    'distlogd.yaml:3:1: unknown key "jurnal"; did you mean journal?\ndistlogd.yaml:4:7: data: must be a path, got 5\n2 errors',
  );
});

test('validate reads key files, unless an option disables it', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), valid.replace('zmqAck:', 'otlpGrpc: { tokenFile: token }'));
  const wrong = await ran(['validate', '-c', 'distlogd.yaml']);
  expect(wrong.code).toBe(78);
  expect(wrong.err).toContain('receivers.otlpGrpc.tokenFile: must be a file that can be read');
  expect((await ran(['validate', '-c', 'distlogd.yaml', '--no-files'])).code).toBe(0);
});

test.each([
  ['missing.yaml', 'there is no such file'],
  ['.', 'it is a directory'],
])('a configuration that is %s ends with 78', async (name, expected) => {
  const { code, err } = await ran(['validate', '-c', name]);
  expect(code).toBe(78);
  expect(err).toContain(expected);
});

test('keygen writes the secret key for its user alone and prints the public one', async () => {
  const { code, out } = await ran(['keygen', '--out', 'curve.key']);
  expect(code).toBe(0);
  const file = join(room, 'curve.key');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const secretKey = readFileSync(file, 'utf8').trim();
  expect(out).toContain(`public key: ${curvePublicKey(secretKey)}`);
  expect(out).toContain(`secretKeyFile: "${file}"`);
  expect(out).not.toContain(secretKey);
});

test('keygen overwrites nothing', async () => {
  writeFileSync(join(room, 'distlogd-curve.key'), 'precious');
  const { code, err } = await ran(['keygen']);
  expect(code).toBe(73);
  expect(err).toBe(
    `distlogd keygen: ${join(room, 'distlogd-curve.key')} already exists; keys are never overwritten`,
  );
  expect(readFileSync(join(room, 'distlogd-curve.key'), 'utf8')).toBe('precious');
});

test('what keygen prints is a configuration that opens a port to others', async () => {
  const { out } = await ran(['keygen']);
  const own = out
    .slice(out.indexOf('  receivers:'), out.indexOf('and configure the public key'))
    .replace(/^ {2}/gm, '');
  const publicKey = /public key: (.*)/.exec(out)![1]!;
  writeFileSync(
    join(room, 'distlogd.yaml'),
    `${own.replace('<public key of a client>', publicKey)}sinks: { a: { type: console } }\n`,
  );
  expect(await ran(['validate', '-c', 'distlogd.yaml'])).toMatchObject({ code: 0, err: '' });
});

test('without http the daemon is asked at its socket', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}http:\n`);
  expect(await ran(['status', '-c', 'distlogd.yaml'])).toEqual({
    code: 69,
    out: '',
    err: `distlogd status: no answer from ${join(room, '.distlogd/distlogd.sock')}; is the daemon running?`,
  });
});

test('dead letters are listed without a daemon', async () => {
  expect(await ran(['dlq', 'list'])).toEqual({ code: 0, out: 'no dead letters', err: '' });
});

test('the page names the exit codes that the programs have', () => {
  const page = readFileSync(join(__dirname, '../../../docs/distlogd.md'), 'utf8');
  const listed = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
  // Exit codes of distlog alone are in a sentence.
  expect(listed).toEqual(Object.values(ExitCode).filter((code) => ![65, 66, 77].includes(code)));
  expect(page.replaceAll('\n', ' ')).toContain('65 (no readable record) and 66 (no such file)');
});

const program = join(__dirname, '../../../dist/esm/cli/distlogd.js');

test('the built program validates, with its exit code', () => {
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}x: \${env:NOPE}\n`);
  const result = spawnSync(process.execPath, [program, 'validate', '-c', join(room, 'distlogd.yaml')], {
    encoding: 'utf8',
  });
  expect(result.status).toBe(78);
  expect(result.stderr).toContain('distlogd.yaml:3:4: x: the environment variable NOPE is not set');
  const { version } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
  expect(execFileSync(process.execPath, [program, '--version'], { encoding: 'utf8' })).toBe(`${version}\n`);
});

test('package.json names the program, which begins as one', () => {
  const { bin } = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
  expect(join(__dirname, '../../..', bin.distlogd)).toBe(program);
  expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});

const withRules = `${valid}rules:
  health: { when: 'attributes["http.route"] == "/healthz"', drop: true }
  cards: { redact: { patterns: ["[0-9]{16}"], keys: [password] } }
tests:
  health checks are dropped:
    record: { attributes: { http.route: /healthz } }
    dropped: true
  cards are redacted:
    record: { severity: WARN, body: pay 4111111111111111, attributes: { password: x, n: 5 }, resource: { service.name: shop } }
    sinks: [a]
    expect: { body: pay REDACTED, attributes: { password: REDACTED, n: 5 }, resource: { service.name: shop } }
`;

test('test applies the rules to records, and ends with 0 if all tests pass', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), withRules);
  expect(await ran(['test', '-c', 'distlogd.yaml'])).toEqual({
    code: 0,
    out: 'ok     health checks are dropped\nok     cards are redacted\n2 of 2 tests passed',
    err: '',
  });
});

test('test prints the differences of failed tests, and ends with 1', async () => {
  writeFileSync(
    join(room, 'distlogd.yaml'),
    withRules
      .replace('/healthz", drop', '/health", drop')
      .replace('"/healthz"', '"/health"')
      .replace('16}', '17}'),
  );
  const { code, out } = await ran(['test', '-c', 'distlogd.yaml']);
  expect(code).toBe(1);
  expect(out.split('\n')).toEqual([
    'FAILED health checks are dropped',
    '         a receives it',
    'FAILED cards are redacted',
    '         a receives body "pay 4111111111111111", expected "pay REDACTED"',
    '0 of 2 tests passed',
  ]);
});

test('test prints the rule that drops a record', async () => {
  const rules = `rules: { no: { when: 'body == "x"', drop: true } }\n`;
  writeFileSync(
    join(room, 'distlogd.yaml'),
    `${valid}${rules}tests: { t: { record: { body: x }, sinks: [a] } }\n`,
  );
  expect((await ran(['test', '-c', 'distlogd.yaml'])).out).toContain('a does not receive it (no)');
});

test('test without tests, and with a wrong configuration', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), valid);
  expect(await ran(['test', '-c', 'distlogd.yaml'])).toMatchObject({
    code: 0,
    err: 'warning: distlogd.yaml has no tests',
  });
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}tests: { t: { record: { severity: loud } } }\n`);
  expect(await ran(['test', '-c', 'distlogd.yaml'])).toMatchObject({
    code: 78,
    err: expect.stringContaining('tests.t.record.severity: must be a severity, such as WARN, got "loud"'),
  });
});
