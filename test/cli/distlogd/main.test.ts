// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and units are written so
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, type Parts } from '../../../src/cli/distlogd/index.ts';
import type { LoadedConfig } from '../../../src/daemon/index.ts';
import { curvePublicKey } from '../../../src/net/index.ts';
import { receiverReport, sinkReport, statusReport } from '../../operations/support/report.ts';

let room: string;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-cli-'));
});

afterEach(() => rmSync(room, { recursive: true, force: true }));

/** Runs a command line in this process. */
async function distlogd(args: readonly string[], parts: Parts = {}, color = false) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(
    args,
    {
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      color,
      environment: {},
      directory: room,
      version: '1.2.3',
      onSignal: () => () => {},
    },
    parts,
  );
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const valid = 'receivers: { zmqAck: }\nsinks: { a: { type: console } }\n';

test.each([
  [[], 'distlogd: a command is needed'],
  [['valdate'], 'no command "valdate"; did you mean validate? There are run, validate, status, keygen, dlq'],
  [['xyzzy'], 'no command "xyzzy"; there are run, validate, status, keygen, dlq'],
  [['--config', 'x', 'run'], 'the command comes first, got "--config"'],
  [['run', '--confg', 'x'], 'distlogd run: unknown option --confg; did you mean --config?'],
  [['run', '-x'], 'unknown option -x; there are --config, --data, --help'],
  [['run', '--config'], '--config needs a value: FILE'],
  [['run', '--config', '--data', 'x'], '--config needs a value: FILE'],
  [['run', '--config='], '--config needs a value: FILE'],
  [['run', '-c', 'a', '-c', 'b'], '--config once, got it twice'],
  [['run', '--help=yes'], '--help takes no value'],
  [['run', 'fast'], 'takes options only, got "fast"'],
  [['run', '--__proto__=1'], 'unknown option --__proto__'],
  [['dlq'], 'dlq takes list, or replay and the name of a sink'],
  [['dlq', 'replay'], 'dlq takes list, or replay and the name of a sink'],
  [['dlq', 'replay', 'fil'], 'no sink "fil"; did you mean file?'],
])('distlogd %j is wrong usage', async (args, expected) => {
  const { code, err, out } = await distlogd(args);
  expect(err).toContain(expected);
  expect(err).toContain('--help says more');
  expect(code).toBe(64);
  expect(out).toBe('');
});

test.each([[['--version']], [['-V']]])('distlogd %j prints the version', async (args) => {
  expect(await distlogd(args)).toEqual({ code: 0, out: '1.2.3', err: '' });
});

test.each([[['--help']], [['-h']], [['help']]])('distlogd %j names all commands', async (args) => {
  const { code, out } = await distlogd(args);
  expect(code).toBe(0);
  for (const name of ['run', 'validate', 'status', 'keygen', 'dlq'])
    expect(out).toMatch(new RegExp(`^  ${name} +\\w`, 'm'));
});

test.each(['run', 'validate', 'status', 'keygen', 'dlq'])('%s has a help of its own', async (name) => {
  const { code, out } = await distlogd([name, '--help']);
  expect(code).toBe(0);
  expect(out).toContain(`usage: distlogd ${name} `);
  expect(out).toContain('-h, --help');
  expect((await distlogd(['help', name])).out).toBe(out);
});

test('validate says what a right configuration opens', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), valid);
  expect(await distlogd(['validate', '-c', 'distlogd.yaml'])).toEqual({
    code: 0,
    out: 'distlogd.yaml is valid: receivers zmqAck; sinks a',
    err: '',
  });
});

test('validate reports every error with its place, and ends with 78', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}jurnal: 1\ndata: 5\n`);
  const { code, out, err } = await distlogd(['validate', '--config', 'distlogd.yaml']);
  expect(code).toBe(78);
  expect(out).toBe('');
  expect(err).toBe(
    'distlogd.yaml:3:1: unknown key "jurnal"; did you mean journal?\ndistlogd.yaml:4:7: data: must be a path, got 5\n2 errors',
  );
});

test('validate looks at the files of keys, unless it is told not to', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), valid.replace('zmqAck:', 'otlpGrpc: { tokenFile: token }'));
  const wrong = await distlogd(['validate', '-c', 'distlogd.yaml']);
  expect(wrong.code).toBe(78);
  expect(wrong.err).toContain('receivers.otlpGrpc.tokenFile: must be a file that can be read');
  expect((await distlogd(['validate', '-c', 'distlogd.yaml', '--no-files'])).code).toBe(0);
});

test.each([
  ['missing.yaml', 'there is no such file'],
  ['.', 'it is a directory'],
])('a configuration that is %s ends with 78', async (name, expected) => {
  const { code, err } = await distlogd(['validate', '-c', name]);
  expect(code).toBe(78);
  expect(err).toContain(expected);
});

test('errors are red where colour is wanted', async () => {
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}data: 5\n`);
  const { err } = await distlogd(['validate', '-c', 'distlogd.yaml'], {}, true);
  expect(err).toContain('\u001b[31mdistlogd.yaml:3:7: data: must be a path, got 5\u001b[0m');
});

test('keygen writes the secret key for its user alone and prints the public one', async () => {
  const { code, out } = await distlogd(['keygen', '--out', 'curve.key']);
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
  const { code, err } = await distlogd(['keygen']);
  expect(code).toBe(73);
  expect(err).toContain('it is there already');
  expect(readFileSync(join(room, 'distlogd-curve.key'), 'utf8')).toBe('precious');
});

test('what keygen prints is a configuration that opens a port to others', async () => {
  const { out } = await distlogd(['keygen']);
  const own = out.slice(out.indexOf('  receivers:'), out.indexOf('and every client')).replace(/^ {2}/gm, '');
  const publicKey = /public key: (.*)/.exec(out)![1]!;
  writeFileSync(
    join(room, 'distlogd.yaml'),
    `${own.replace('<public key of a client>', publicKey)}sinks: { a: { type: console } }\n`,
  );
  expect(await distlogd(['validate', '-c', 'distlogd.yaml'])).toMatchObject({ code: 0, err: '' });
});

const report = statusReport({
  upMillis: 3_600_500,
  journal: { batches: 10, bytes: 3_000_000, producers: 3, isFull: true },
  receivers: [
    receiverReport({ batches: 10, records: 5_120, duplicates: 1, refused: { malformed: 2, full: 0 } }),
  ],
  sinks: [
    sinkReport({
      name: 'a',
      type: 'console',
      behind: { batches: 1, records: 512, bytes: 1_000, ageMillis: 1_500 },
      written: { batches: 9, records: 4_608, bytes: 0 },
      dropped: { skipped: { batches: 1, records: 7 } },
      trouble: 'connect ECONNREFUSED\u001b[2J',
    }),
  ],
});

test('status shows sinks behind and losses by cause, and no control characters', async () => {
  const { code, out } = await distlogd(['status'], { requestStatus: async () => report });
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    'distlogd 1.2.3, process 42, up 1 h',
    'journal: 10 batches, 2.86 MiB of 8 GiB (0%), 3 senders, full',
    '',
    'RECEIVER  ENDPOINT              RECORDS  BATCHES  BYTES  REPEATED  REFUSED  DROPPED',
    'zmqAck    tcp://127.0.0.1:5011    5,120       10    0 B         1        2        0',
    '',
    'SINK  TYPE     STATE    WRITTEN  BEHIND   BYTES  OLDEST  RETRIES  DEAD LETTERS  DROPPED',
    'a     console  running    4,608     512  1000 B  1.50 s        0             0        7',
    '',
    'REFUSED OR LOST                   CAUSE      COUNT',
    'receiver zmqAck  batches refused  malformed      2',
    'sink a           batches dropped  skipped        1',
    'sink a           records dropped  skipped        7',
    '',
    'ALSO COUNTED                   COUNT',
    'sink a        batches written      9',
    'sink a        batches behind       1',
    '',
    'sink a retries: connect ECONNREFUSED\\x1b[2J',
  ]);
  const json = await distlogd(['status', '--json'], { requestStatus: async () => report });
  expect(JSON.parse(json.out)).toEqual(report);
});

test('status ends with 69 when nobody answers, or nobody could', async () => {
  const refused = async () => {
    throw new Error('nobody answers at 127.0.0.1:5080; is the daemon running?');
  };
  expect(await distlogd(['status'], { requestStatus: refused })).toMatchObject({
    code: 69,
    err: 'distlogd status: nobody answers at 127.0.0.1:5080; is the daemon running?',
  });
  writeFileSync(join(room, 'distlogd.yaml'), `${valid}http:\n`);
  expect(await distlogd(['status', '-c', 'distlogd.yaml'])).toMatchObject({ code: 69 });
});

test('dlq lists dead letters and replays those of one sink', async () => {
  const deadLetters = {
    list: async () => [
      { sink: 'file', entries: 2, records: 900, bytes: 2_048, causes: { http_400: 2 }, oldestMillis: 0 },
    ],
    replay: async (_loaded: LoadedConfig, sink: string) => ({ taken: sink === 'file' ? 2 : 0, left: 0 }),
  };
  expect((await distlogd(['dlq', 'list'], { deadLetters })).out).toBe(
    'file: 2 batches, 900 records, 2 KiB, since 1970-01-01T00:00:00.000Z: 2 http_400',
  );
  expect((await distlogd(['dlq', 'replay', 'file'], { deadLetters })).out).toBe(
    'file: of its dead letters, 2 handed back, 0 left',
  );
  const none = { ...deadLetters, list: async () => [] };
  expect((await distlogd(['dlq', 'list'], { deadLetters: none })).out).toBe('no dead letters');
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
