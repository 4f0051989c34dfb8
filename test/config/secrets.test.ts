import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Context, Pull, Push } from 'zeromq';
import { formatConfigError, loadSecrets, parseConfig } from '../../src/config/index.ts';
import { curvePublicKey, decodeZ85, encodeZ85, newCurveKeyPair } from '../../src/net/index.ts';

let room: string;

beforeEach(() => {
  room = mkdtempSync(join(tmpdir(), 'burstlog-secrets-'));
});

afterEach(() => rmSync(room, { recursive: true, force: true }));

function parsed(receivers: string) {
  const text = `sinks: { a: { type: console } }\nreceivers: { ${receivers} }\n`;
  const result = parseConfig(text, { fileName: 'distlogd.yaml', environment: {}, directory: room });
  if ('config' in result) return result;
  throw new Error(result.errors.map(formatConfigError).join('\n'));
}

async function errorsOf(receivers: string): Promise<string[]> {
  const result = await loadSecrets(parsed(receivers));
  return 'errors' in result ? result.errors.map(formatConfigError) : [];
}

const put = (name: string, text: string, mode = 0o600) => writeFileSync(join(room, name), text, { mode });

/** A certificate that signs itself, and its key. */
function certificate(name: string): void {
  const files = ['-keyout', join(room, `${name}.key`), '-out', join(room, `${name}.crt`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-x509', '-days', '2'];
  execFileSync('openssl', ['req', ...kind, '-subj', '/CN=localhost', ...files], { stdio: 'ignore' });
}

test('tokens, keys and certificates come from their files', async () => {
  const { publicKey, secretKey } = newCurveKeyPair();
  certificate('a');
  put('token', 'a-token-that-is-long\n');
  put('curve.key', `${secretKey}\n`);
  put('clients', `# the shop\n${publicKey}\n\n${publicKey} # the other\n#\n`);
  const source = parsed(
    'otlpGrpc: { tokenFile: token, tls: { certFile: a.crt, keyFile: a.key, clientCaFile: a.crt } }, zmqAck: { curve: { secretKeyFile: curve.key, allowFile: clients } }',
  );
  const result = await loadSecrets(source);
  if ('errors' in result) throw new Error(result.errors.map(formatConfigError).join('\n'));
  const { otlpGrpc, zmqAck } = source.config.receivers;
  expect(result.secrets.forZmq(zmqAck!).curve).toEqual({ secretKey, clients: [publicKey, publicKey] });
  const { token, tls } = result.secrets.forServer(otlpGrpc!);
  const { cert, key, ca } = tls!;
  expect(token).toBe('a-token-that-is-long');
  expect(String(cert)).toContain('BEGIN CERTIFICATE');
  expect(String(key)).toContain('PRIVATE KEY');
  expect(ca).toEqual(cert);
  expect(JSON.stringify(result.secrets)).toBe('{}');
});

test('a new key never holds a $, which a configuration file and a shell would replace', () => {
  const pairs = Array.from({ length: 50 }, newCurveKeyPair);
  expect(pairs.filter(({ publicKey, secretKey }) => `${publicKey}${secretKey}`.includes('$'))).toEqual([]);
});

test('secrets in the configuration itself need no file', async () => {
  const { publicKey, secretKey } = newCurveKeyPair();
  const source = parsed(
    `otlpHttp: { token: aaaaaaaaaaaaaaaaaaaa }, zmqAck: { curve: { secretKey: '${secretKey}', allow: ['${publicKey}'] } }`,
  );
  const result = await loadSecrets(source);
  if ('errors' in result) throw new Error('errors');
  const { otlpHttp, zmqAck } = source.config.receivers;
  expect(result.secrets.forServer(otlpHttp!).token).toBe('aaaaaaaaaaaaaaaaaaaa');
  expect(result.secrets.forServer({})).toEqual({ token: undefined, tls: undefined });
  expect(result.secrets.forZmq(zmqAck!).curve?.clients).toEqual([publicKey]);
  expect(result.secrets.forZmq({}).curve).toBeUndefined();
});

test('all errors of files are reported at once, each at its key, without any of their content', async () => {
  certificate('a');
  certificate('b');
  put('short', 'hush');
  put('no.key', 'hush');
  mkdirSync(join(room, 'folder'));
  put('big', 'x'.repeat(1_048_577));
  const reported = await errorsOf(
    'otlpGrpc: { tokenFile: short, tls: { certFile: a.crt, keyFile: b.key } }, otlpHttp: { tokenFile: missing, tls: { certFile: short, keyFile: no.key, clientCaFile: big } }, zmqAck: { curve: { secretKeyFile: folder, allowFile: short } }',
  );
  const places = reported.map((error) =>
    error.replaceAll(room, '').replace(/^distlogd.yaml:2:\d+: receivers\./, ''),
  );
  expect(places).toEqual([
    'otlpGrpc.tokenFile: must contain a token of 16 to 4096 visible ASCII characters without spaces, got other content in /short',
    'otlpGrpc.tls.keyFile: must be the private key of certFile, got a different one in /b.key',
    'otlpHttp.tokenFile: must be a file that can be read, got /missing: no such file',
    'otlpHttp.tls.certFile: must contain a certificate, PEM, got other content in /short',
    'otlpHttp.tls.keyFile: must contain a private key, PEM, not encrypted, got other content in /no.key',
    'otlpHttp.tls.clientCaFile: must be a file of at most 1MiB, got 1048577 bytes in /big',
    'zmqAck.curve.secretKeyFile: must be a regular file, got /folder',
    'zmqAck.curve.allowFile: must contain a public key of 40 characters in Z85 on each line (line 1 is not), got other content in /short',
  ]);
  expect(reported.join()).not.toContain('hush');
});

test('an endless device is not accepted as a file', async () => {
  expect(await errorsOf('otlpGrpc: { tokenFile: /dev/zero }')).toHaveLength(1);
});

test('Z85 is as specified, and is decoded to the same bytes', () => {
  const bytes = Uint8Array.from([0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b]);
  expect(encodeZ85(bytes)).toBe('HelloWorld');
  expect(decodeZ85('HelloWorld')).toEqual(bytes);
  expect(decodeZ85('Hello')).toHaveLength(4);
  expect(decodeZ85('#####')).toBeUndefined();
  expect(decodeZ85('Hell')).toBeUndefined();
  expect(decodeZ85("Hel'o")).toBeUndefined();
});

test('generated keys encrypt a ZeroMQ connection', async () => {
  const [server, client] = [newCurveKeyPair(), newCurveKeyPair()];
  expect(curvePublicKey(server.secretKey)).toBe(server.publicKey);
  const context = new Context({ blocky: false });
  const pull = new Pull({ context, linger: 0, curveServer: true, curveSecretKey: server.secretKey });
  const push = new Push({
    context,
    linger: 0,
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  });
  await pull.bind('tcp://127.0.0.1:0');
  push.connect(pull.lastEndpoint!);
  await push.send('hello');
  expect(String((await pull.receive())[0])).toBe('hello');
  pull.close();
  push.close();
});

test('a file with a secret that others may read is refused, as ssh does', async () => {
  put('token', 'a-token-that-is-long', 0o600);
  const modes: readonly [mode: number, shown: string | undefined][] = [
    [0o400, undefined],
    [0o600, undefined],
    [0o604, '0604'],
    [0o640, '0640'],
    [0o644, '0644'],
  ];
  for (const [mode, shown] of modes) {
    chmodSync(join(room, 'token'), mode);
    const [error] = await errorsOf('otlpGrpc: { tokenFile: token }');
    if (shown === undefined) expect(error).toBeUndefined();
    else
      expect(error).toContain(
        `must be a file that only its owner may read (chmod 600), got mode ${shown} of`,
      );
  }
});

test('the list of public keys and certificates may be read by all', async () => {
  certificate('a');
  chmodSync(join(room, 'a.crt'), 0o644);
  put('clients', `${newCurveKeyPair().publicKey}\n`, 0o644);
  put('curve.key', newCurveKeyPair().secretKey);
  const text =
    'otlpGrpc: { tls: { certFile: a.crt, keyFile: a.key } }, zmqAck: { curve: { secretKeyFile: curve.key, allowFile: clients } }';
  expect(await errorsOf(text)).toEqual([]);
});
