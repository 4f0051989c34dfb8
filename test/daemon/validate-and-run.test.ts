import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { distlogd } from '../../src/cli/distlogd/distlogd.ts';
import { ExitCode } from '../../src/cli/exit-code.ts';
import { runProgram } from '../../src/cli/run-program.ts';
import {
  type ConfigError,
  type DaemonConfig,
  type Extensions,
  parseConfig,
  Secrets,
} from '../../src/config/index.ts';
import { wantedReceivers } from '../../src/daemon/receivers.ts';
import { RunningSinks } from '../../src/daemon/running-sinks.ts';
import { dataLayout } from '../../src/disk/index.ts';
import { Journal } from '../../src/journal/index.ts';
import { newCurveKeyPair } from '../../src/net/index.ts';
import { loadPatterns } from '../../src/ottl/index.ts';
import { fakeIo } from '../cli/support/fake-io.ts';
import { anyConfig } from '../config/support/any-config.ts';

let room: string;
let extensions: Extensions;

beforeAll(async () => {
  extensions = { patterns: await loadPatterns() };
});

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-validate-'));
});

afterEach(() => rmSync(room, { recursive: true, force: true }));

/** The result of `distlogd validate` without reading other files. */
function validate(text: string): DaemonConfig | readonly ConfigError[] {
  const result = parseConfig(text, {
    fileName: 'distlogd.yaml',
    environment: {},
    directory: room,
    extensions,
  });
  return 'config' in result ? result.config : result.errors;
}

const log = { emit: () => {} };

/** The files of a configuration do not exist; the key of a sink replaces the content of its file. */
function withSecret(sink: DaemonConfig['sinks'][number]): DaemonConfig['sinks'][number] {
  if (sink.type !== 'forward') return sink;
  const { curve } = sink as { readonly curve?: { readonly serverKey: string } };
  if (curve === undefined) return sink;
  const secretKey = newCurveKeyPair().secretKey;
  return { ...sink, curve: { serverKey: curve.serverKey, secretKey } } as typeof sink;
}

/** Constructs every component of a configuration, without opening a socket. */
async function construct(config: DaemonConfig): Promise<void> {
  const secretKey = `${newCurveKeyPair().secretKey}\n`;
  const secrets = new (class extends Secrets {
    override forServer(server: Parameters<Secrets['forServer']>[0]) {
      return { ...super.forServer(server), tls: server.tls && {} };
    }
    override contents() {
      return undefined;
    }
  })({ get: () => Buffer.from(secretKey), has: () => true } as unknown as ReadonlyMap<string, Buffer>);
  const loaded = { config: { ...config, sinks: config.sinks.map(withSecret) }, secrets, extensions };
  const layout = dataLayout(config.data);
  mkdirSync(layout.sinks, { recursive: true });
  const journal = await Journal.open({ directory: layout.journal, ...config.journal, log });
  try {
    for (const { make } of wantedReceivers(loaded, journal, log)) make();
    const sinks = new RunningSinks(
      journal,
      layout,
      { log, journalId: journal.id, continues: (id) => journal.continues(id), storeProgram: undefined },
      1_000_000,
    );
    try {
      await sinks.take(loaded, 0);
    } finally {
      await sinks.stop(0);
    }
  } finally {
    await journal.close();
    for (const name of readdirSync(room)) rmSync(join(room, name), { recursive: true, force: true });
  }
}

/** The exit codes of `validate` and `run` for a configuration that must not start a daemon. */
async function exitCodes(text: string): Promise<readonly number[]> {
  writeFileSync(join(room, 'distlogd.yaml'), text);
  const codes: number[] = [];
  for (const command of ['validate', 'run']) {
    const program = distlogd(() => Promise.reject(new Error('a daemon was started')));
    codes.push(await runProgram(program, [command, '--config', 'distlogd.yaml'], fakeIo(room).io));
  }
  return codes;
}

const rest = 'sinks: { a: { type: console } }\n';

test.each([
  ['a batch beyond a segment', 'receivers: { zmqAck: { maxBatchBytes: 128MiB } }', true],
  ['a large message', 'receivers: { zmqPush: { maxMessageBytes: 100MiB } }', true],
  [
    'a large table of producers',
    'receivers: { zmqAck: }\njournal: { producers: { maxCount: 5000000 } }',
    false,
  ],
  ['a loopback name in capitals', 'receivers: { zmqAck: { endpoint: "tcp://LOCALHOST:0" } }', true],
  ['a loopback address in IPv6', 'receivers: { zmqAck: { endpoint: "tcp://[::ffff:127.0.0.1]:0" } }', true],
  ['an address of others', 'receivers: { zmqAck: { endpoint: "tcp://192.168.1.5:5011" } }', false],
])('validate and run agree about %s', async (_name, text, isValid) => {
  const found = validate(`${rest}${text}\n`);
  expect('receivers' in found).toBe(isValid);
  if ('receivers' in found) await construct(found);
});

test('the daemon can make whatever validate accepts; what it refuses has a place, a message, and exit code 78', async () => {
  const seen = { valid: 0, invalid: 0 };
  await fc.assert(
    fc.asyncProperty(anyConfig, async (config) => {
      const text = JSON.stringify(config, undefined, 2);
      const found = validate(text);
      if ('receivers' in found) {
        seen.valid += 1;
        await construct(found);
        return;
      }
      seen.invalid += 1;
      expect(found.length).toBeGreaterThan(0);
      if (seen.invalid <= 60) expect(await exitCodes(text)).toEqual([ExitCode.CONFIG, ExitCode.CONFIG]);
      for (const { line, column, message } of found) {
        expect(line).toBeLessThanOrEqual(text.split('\n').length);
        expect(Math.min(line, column, message.length)).toBeGreaterThanOrEqual(1);
      }
    }),
    { numRuns: 400 },
  );
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(40);
});
