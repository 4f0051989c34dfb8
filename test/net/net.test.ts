import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  accessRefusal,
  cannotListen,
  checkFree,
  collides,
  connectTarget,
  curvePublicKey,
  decodeZ85,
  encodeZ85,
  hasToken,
  httpListenerChecks,
  ipcPath,
  keyFiles,
  listen,
  listenOnSocket,
  listenTarget,
  newCurveKeyPair,
  OpenSockets,
  parseCurveKey,
  parseHttpUrl,
  parseListenAddress,
  publicKeysIn,
  requestTarget,
  serverTls,
  showAddress,
  tlsSettings,
  zmqListenerChecks,
} from '../../src/net/index.ts';
import { freePort } from '../support/free-port.js';

const folder = mkdtempSync(join(tmpdir(), 'net-'));
const open: { close(): void }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of open.splice(0)) server.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newServer(): Server {
  const server = createServer((socket) => void sockets.push(socket));
  open.push(server);
  return server;
}

/** Listens on the address. @returns the port, or the error's code */
async function tryToListen(host: string, port: number): Promise<number | string> {
  const server = newServer();
  try {
    await listen(server, { host, port }, 'setting');
    return (server.address() as AddressInfo).port;
  } catch (error) {
    return String(((error as Error).cause as NodeJS.ErrnoException).code);
  }
}

describe('addresses', () => {
  test.each([
    ['127.0.0.1:4317', { host: '127.0.0.1', port: 4317 }],
    ['[::1]:0', { host: '::1', port: 0 }],
    ['collector.local:65535', { host: 'collector.local', port: 65_535 }],
    ['[fe80::1%eth0]:1', { host: 'fe80::1%eth0', port: 1 }],
    ['a_b-c.d:1', { host: 'a_b-c.d', port: 1 }],
    [`${'a'.repeat(253)}:1`, { host: 'a'.repeat(253), port: 1 }],
    [`${'a'.repeat(254)}:1`, undefined],
    ['127.0.0.1:65536', undefined],
    ['127.0.0.1:', undefined],
    [':4317', undefined],
    ['::1:4317', undefined],
    ['[127.0.0.1]:4317', undefined],
    ['[name]:4317', undefined],
    ['a/b:1', undefined],
    ['a:1\n', undefined],
  ])('%j is read as %j', (text, expected) => {
    expect(parseListenAddress(text)).toEqual(expected);
    if (expected !== undefined) expect(showAddress(expected)).toBe(text);
  });

  test.each([
    ['http://a', 'http://a'],
    ['https://a:1/path//', 'https://a:1/path'],
    ['http://[::1]:4318/v1', 'http://[::1]:4318/v1'],
    ['http://user@a', undefined],
    ['http://a?x', undefined],
    ['http://a/b#c', undefined],
    ['http://a b', undefined],
    ['ftp://a', undefined],
    ['http://a:99999', undefined],
    ['http://', undefined],
  ])('the URL %j is read as %j', (text, expected) => {
    expect(parseHttpUrl(text)).toBe(expected);
  });

  test('two addresses collide if the operating system says so', async () => {
    const hosts = [
      ...['127.0.0.1', '127.0.0.2', '0.0.0.0', '::', '::1', '0:0:0:0:0:0:0:1', '0::0'],
      ...['::ffff:127.0.0.1', '::FFFF:7f00:0001', '::ffff:127.0.0.2'],
    ];
    const usable: string[] = [];
    for (const host of hosts) if (typeof (await tryToListen(host, 0)) === 'number') usable.push(host);
    for (const server of open.splice(0)) server.close();
    expect(usable.length).toBeGreaterThan(2);
    for (const host of usable) {
      for (const other of usable) {
        // A port that the system chooses may be in use at another address.
        const port = await freePort();
        expect(await tryToListen(host, port)).toBe(port);
        const both = await tryToListen(other, port);
        const said = collides({ host, port }, { host: other, port });
        expect([host, other, said]).toEqual([host, other, both === 'EADDRINUSE']);
        for (const server of open.splice(0)) server.close();
      }
    }
  });

  test('names collide with themselves, in any case, and with all addresses; port 0 and other ports with nothing', () => {
    const pairs: [string, number, string, number, boolean][] = [
      ['collector.local', 1, 'Collector.LOCAL', 1, true],
      ['localhost', 1, '127.0.0.1', 1, true],
      ['collector.local', 1, '0.0.0.0', 1, true],
      ['::', 1, 'collector.local', 1, true],
      ['fe80::1%eth0', 1, 'FE80:0::1%eth0', 1, true],
      ['fe80::1%eth0', 1, 'fe80::1%eth1', 1, false],
      ['a.local', 1, 'b.local', 1, false],
      ['127.0.0.1', 0, '127.0.0.1', 0, false],
      ['127.0.0.1', 1, '127.0.0.1', 2, false],
    ];
    for (const [host, port, other, otherPort, expected] of pairs) {
      const [a, b] = [
        { host, port },
        { host: other, port: otherPort },
      ];
      expect([host, other, collides(a, b), collides(b, a)]).toEqual([host, other, expected, expected]);
    }
  });
});

describe('endpoints of ZeroMQ', () => {
  test('a path has at most 103 bytes, not characters; an abstract name starts with a zero byte', () => {
    const path = `/${'x'.repeat(100)}`;
    expect([ipcPath(`ipc://${path}xx`), ipcPath(`ipc://${path}xxx`)]).toEqual([`${path}xx`, undefined]);
    expect(ipcPath(`ipc://${path}é`)).toBe(`${path}é`);
    expect(ipcPath(`ipc://${path}éx`)).toBeUndefined();
    expect([listenTarget('ipc://@name'), connectTarget('ipc:///a/b')]).toEqual([
      { path: '\0name' },
      { path: '/a/b' },
    ]);
  });

  test('an endpoint for all addresses connects to this machine; an interface means its first IPv4 address', () => {
    expect(connectTarget('tcp://*:7')).toEqual({ host: '127.0.0.1', port: 7 });
    expect(connectTarget('tcp://[::]:7')).toEqual({ host: '127.0.0.1', port: 7 });
    expect(connectTarget('tcp://10.1.2.3:7')).toEqual({ host: '10.1.2.3', port: 7 });
    expect(listenTarget('tcp://*:*')).toEqual({ host: '0.0.0.0', port: 0, exclusive: true });
    expect(listenTarget('tcp://no-such-interface:7')).toMatchObject({ host: 'no-such-interface' });
    for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
      const first = addresses.find(({ family }) => family === 'IPv4')?.address;
      if (first !== undefined) expect(listenTarget(`tcp://${name}:7`)).toMatchObject({ host: first });
    }
  });

  test('a path on which a process listens is not taken over; a stale one is', async () => {
    const path = join(folder, 'taken.sock');
    const server = newServer();
    expect(await listenOnSocket(server, path)).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const endpoint = `ipc://${path}`;
    await expect(checkFree(endpoint, 'receivers.zmqAck.endpoint')).rejects.toThrow(
      `cannot listen on ${endpoint}: the path is in use by another process; receivers.zmqAck.endpoint chooses another`,
    );
    server.close();
    await once(server, 'close');
    await checkFree(endpoint, 'setting');
    writeFileSync(path, '');
    await checkFree(endpoint, 'setting');
    await listenOnSocket(newServer(), path);
    // TCP endpoints are left to the operating system.
    await checkFree(`tcp://127.0.0.1:${await tryToListen('127.0.0.1', 0)}`, 'setting');
  });

  test('a path longer than the limit for sockets is refused before anything is removed', async () => {
    const long = join(folder, 'x'.repeat(103 - folder.length));
    expect(long).toHaveLength(104);
    writeFileSync(long, '');
    await expect(listenOnSocket(newServer(), long)).rejects.toThrow(
      'has 104 bytes; the limit for a socket path is 103',
    );
    expect(existsSync(long)).toBe(true);
    expect(await listenOnSocket(newServer(), long.slice(0, 103))).toBe(`unix:${long.slice(0, 103)}`);
  });
});

test('the error of a failed listen names the setting to change', async () => {
  const port = await tryToListen('127.0.0.1', 0);
  const again = listen(newServer(), { host: '127.0.0.1', port: port as number }, 'http.endpoint');
  await expect(again).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; http.endpoint chooses another`,
  );
  expect(await tryToListen('203.0.113.7', 0)).toBe('EADDRNOTAVAIL');
  const shown = (error: unknown, where = '[::1]:1') => cannotListen(where, 'x', error).message;
  expect(shown({ code: 'EACCES' })).toBe(
    'cannot listen on [::1]:1: this user may not listen there; x chooses another port',
  );
  expect(shown({ code: 'ENOTFOUND' })).toContain('no such host; correct x');
  expect(shown(new Error('odd'))).toContain('odd; see x');
  expect(shown({ code: 'EADDRINUSE' }, 'ipc:///a')).toContain('the path is in use');
  const server = newServer();
  const address = await listen(server, { host: '127.0.0.1', port: 0 }, 'x');
  expect(address).toBe(`127.0.0.1:${(server.address() as AddressInfo).port}`);
});

describe('access to an HTTP server', () => {
  const ask = (headers: Record<string, string>, access: object = {}, url = '/') =>
    accessRefusal({ url, headers }, { host: 'collector.local', hasClientCertificates: false, ...access })
      ?.status;

  test.each<[string, number | undefined, Record<string, string>, object?, string?]>([
    ['its address', undefined, { host: '127.0.0.1:5080' }],
    ['its address of IPv6', undefined, { host: '[::1]:5080' }],
    ['localhost in any case', undefined, { host: 'LocalHost' }],
    ['its own name', undefined, { host: 'Collector.local:5080' }],
    ['another name, as after DNS rebinding', 403, { host: 'evil.example:5080' }],
    ['a name that only begins like it', 403, { host: 'collector.local.evil.example' }],
    ['no host', 403, {}],
    ['a host with a user', 403, { host: 'x@127.0.0.1' }],
    [
      'another name, with a client certificate',
      undefined,
      { host: 'other' },
      { hasClientCertificates: true },
    ],
    ['a page of its own', undefined, { host: '127.0.0.1:1', origin: 'http://127.0.0.1:1' }],
    ['a page of its own, HTTPS', undefined, { host: '127.0.0.1:1', origin: 'HTTPS://127.0.0.1:1' }],
    ['a page of another port', 403, { host: '127.0.0.1:1', origin: 'http://127.0.0.1:2' }],
    ['a page without an origin', 403, { host: '127.0.0.1:1', origin: 'null' }],
    [
      ...(['a page of another origin, with a client certificate', 403] as const),
      ...([{ host: 'other', origin: 'http://evil' }, { hasClientCertificates: true }] as const),
    ],
    [
      'an absolute target, which counts before the host',
      403,
      { host: '127.0.0.1' },
      {},
      'http://evil/metrics',
    ],
    ['an absolute target of its own', undefined, { host: 'evil' }, {}, 'http://127.0.0.1/metrics'],
    ['no token where one is asked for', 401, { host: '127.0.0.1' }, { token: 'secret' }],
    [
      ...(['a token, from any page', undefined] as const),
      ...([
        { host: 'evil', origin: 'http://evil', authorization: 'bearer   secret' },
        { token: 'secret' },
      ] as const),
    ],
  ])('%s is answered with %s', (_what, status, headers, ...[access, url]) => {
    expect(ask(headers, access, url)).toBe(status);
  });

  test('only the exact token is accepted', () => {
    const refused = [
      'secret',
      'Bearer',
      'Bearer ',
      'Bearer secre',
      'Bearer secret ',
      'Basic secret',
      undefined,
    ];
    expect(refused.filter((header) => hasToken(header, 'secret'))).toEqual([]);
    expect([hasToken('BEARER secret', 'secret'), hasToken(undefined, undefined)]).toEqual([true, true]);
  });

  test.each([
    ['/a/b?c=d', { authority: undefined, path: '/a/b', query: 'c=d' }],
    ['/a?b=c?d?e', { authority: undefined, path: '/a', query: 'b=c?d?e' }],
    ['/a?', { authority: undefined, path: '/a', query: '' }],
    ['http://h:1/a?b', { authority: 'h:1', path: '/a', query: 'b' }],
    ['HTTP://h?b=c', { authority: 'h', path: '/', query: 'b=c' }],
    ['//h/a', { authority: undefined, path: '//h/a', query: '' }],
    ['*', { authority: undefined, path: '*', query: '' }],
    ['', { authority: undefined, path: '', query: '' }],
  ])('the request target %j is read as %j', (url, expected) => {
    expect(requestTarget(url)).toEqual(expected);
  });
});

test('with certificate authorities, only clients with a certificate of theirs are accepted', () => {
  const [cert, key, ca] = ['cert', 'key', 'ca'].map((text) => Buffer.from(text));
  expect(serverTls({ cert, key })).toEqual({ cert, key });
  expect(serverTls({ cert, key, ca })).toEqual({
    cert,
    key,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  });
  expect(tlsSettings(5)).toEqual({ handshakeTimeout: 5, minVersion: 'TLSv1.2' });
});

describe('addresses that other machines can reach', () => {
  const writing = { key: (path: string) => path, amount: (_kind: unknown, value: number) => String(value) };
  const httpProblem = (options: object) => {
    const defaults = { endpoint: { host: '10.0.0.1', port: 4318 }, insecure: false };
    return httpListenerChecks
      .map(({ problem }) => problem({ ...defaults, ...options }, writing))
      .find(Boolean);
  };

  test('HTTP requires TLS, and a token or client certificates', () => {
    const tail = ', or insecure: true, since other machines can reach 10.0.0.1:4318';
    const tls = {};
    expect(httpProblem({})).toBe(`needs tls and a token or tls.clientCaFile${tail}`);
    expect(httpProblem({ tls })).toBe(`needs a token or tls.clientCaFile${tail}`);
    expect(httpProblem({ token: 't' })).toBe(`needs tls${tail}`);
    for (const enough of [
      ...[{ tls, token: 't' }, { tls, tokenFile: 'f' }, { tls: { clientCaFile: 'f' } }, { insecure: true }],
      ...[{ endpoint: { host: '::1', port: 1 } }, { endpoint: { host: 'localhost', port: 1 } }],
    ]) {
      expect(httpProblem(enough)).toBeUndefined();
    }
  });

  test('ZeroMQ requires CURVE', () => {
    const problem = (options: object) =>
      zmqListenerChecks[0]!.problem({ endpoint: 'tcp://*:5011', insecure: false, ...options }, writing);
    expect(problem({})).toBe('needs curve, or insecure: true, since other machines can reach 0.0.0.0:5011');
    const enough = [
      { curve: {} },
      { insecure: true },
      { endpoint: 'ipc:///a' },
      { endpoint: 'tcp://127.0.0.1:1' },
    ];
    expect(enough.map(problem)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('keys and their files', () => {
  const { publicKey, secretKey } = newCurveKeyPair();
  const bytes = (text: string) => Buffer.from(text);

  test('invalid Z85 is refused', () => {
    expect(encodeZ85(Uint8Array.of(255, 255, 255, 255))).toBe('%nSc0');
    expect(decodeZ85('%nSc0')).toEqual(Uint8Array.of(255, 255, 255, 255));
    expect(['%nSc1', '#####', '0000', '000000', 'ab"de', 'ab de'].map(decodeZ85)).toEqual(
      Array(6).fill(undefined),
    );
    fc.assert(
      fc.property(fc.string({ minLength: 5, maxLength: 10 }), (text) => {
        const read = decodeZ85(text);
        if (read !== undefined) expect(encodeZ85(read)).toBe(text);
      }),
    );
  });

  test('the keys of a new pair match, can be parsed, and contain no dollar sign', () => {
    for (let each = 0; each < 20; each += 1) {
      const pair = newCurveKeyPair();
      expect(curvePublicKey(pair.secretKey)).toBe(pair.publicKey);
      expect([parseCurveKey(pair.publicKey), parseCurveKey(pair.secretKey)]).toEqual(Object.values(pair));
      expect(`${pair.publicKey}${pair.secretKey}`).not.toContain('$');
    }
    expect([publicKey.slice(1), `${publicKey}00000`, 'x'.repeat(39)].map(parseCurveKey)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('public keys are listed one a line, with comments; an invalid line is reported with its number', () => {
    const other = newCurveKeyPair().publicKey;
    const text = `\uFEFF# ours\r\n#\n\n  ${publicKey}  \n${other} # theirs\n\n`;
    expect(publicKeysIn(bytes(text))).toEqual({ keys: [publicKey, other] });
    expect(publicKeysIn(bytes(`\n\n${publicKey}\n${other}x`))).toEqual({ keys: [publicKey], wrongLine: 4 });
    expect(publicKeysIn(bytes(`${publicKey} theirs`)).wrongLine).toBe(1);
    expect(publicKeysIn(bytes(`${publicKey}# theirs`)).wrongLine).toBe(1);
    expect(publicKeysIn(bytes('#comment')).wrongLine).toBe(1);
    const { problem } = keyFiles.curvePublicKeys;
    expect(problem(bytes(`\n${publicKey}`))).toBeUndefined();
    expect(problem(bytes('# nobody'))).toBe('at least one public key');
    expect(problem(bytes('\n\nnobody'))).toContain('line 3');
  });

  test('a token has 16 to 4096 visible characters, a secret key 40 of Z85; surrounding line breaks are ignored', () => {
    const { problem } = keyFiles.token;
    const fits = (text: string) => problem(bytes(text)) === undefined;
    expect(['x'.repeat(16), `\n${'x'.repeat(4_096)}\r\n`, '!~!~!~!~!~!~!~!~'].map(fits)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['x'.repeat(15), 'x'.repeat(4_097), `${'x'.repeat(16)} y`, 'ü'.repeat(16)].map(fits)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    const { curveSecretKey, certificates, privateKey } = keyFiles;
    expect([secretKey, `${secretKey}\n`].map((text) => curveSecretKey.problem(bytes(text)))).toEqual([
      undefined,
      undefined,
    ]);
    expect(curveSecretKey.problem(bytes(secretKey.slice(1)))).toContain('40 characters');
    expect(certificates.problem(bytes('no certificate'))).toBe('a certificate, PEM');
    const { privateKey: key } = generateKeyPairSync('ed25519');
    expect(privateKey.problem(bytes(String(key.export({ type: 'pkcs8', format: 'pem' }))))).toBeUndefined();
    expect(privateKey.problem(bytes('no key'))).toBe('a private key, PEM, not encrypted');
    expect([keyFiles.token, curveSecretKey, privateKey].every(({ isSecret }) => isSecret)).toBe(true);
    expect([certificates, keyFiles.curvePublicKeys].some(({ isSecret }) => isSecret)).toBe(false);
  });
});

describe('the connections of a server', () => {
  async function world(max?: number) {
    const server = newServer();
    const all = new OpenSockets(server, max);
    await listen(server, { host: '127.0.0.1', port: 0 }, 'x');
    const { port } = server.address() as AddressInfo;
    /** The client's and the server's socket of a connection. */
    const client = async () => {
      const arrived = once(server, 'connection') as Promise<[Socket]>;
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      sockets.push(socket);
      const [peer] = await arrived;
      return { socket, peer, closed: once(socket, 'close') };
    };
    return { all, client };
  }

  test('at the limit the connection that is idle longest is closed; the new one only if none is idle', async () => {
    const { all, client } = await world(2);
    const [first, second] = [await client(), await client()];
    const done = [all.use(first.peer), all.use(first.peer)];
    const third = await client();
    await second.closed;
    expect([all.count, all.from(first.peer), all.from(third.peer)]).toEqual([2, first.peer, third.peer]);
    const doneToo = all.use(third.peer);
    const fourth = await client();
    await fourth.closed;
    expect(all.from(fourth.peer)).toBeUndefined();
    // Used twice: it is idle when both uses have ended, and then the most recently used one.
    done[0]!();
    doneToo();
    const fifth = await client();
    await third.closed;
    expect(all.from(fifth.peer)).toBe(fifth.peer);
    done[1]!();
    await client();
    await fifth.closed;
    expect([all.count, all.from(first.peer)]).toEqual([2, first.peer]);
  });

  test('idle connections are closed first, then all; ending a use of a closed connection does nothing', async () => {
    const { all, client } = await world();
    const [idle, busy] = [await client(), await client()];
    const done = all.use(busy.peer);
    all.destroyUnused();
    await idle.closed;
    expect(all.count).toBe(1);
    all.destroy();
    await busy.closed;
    await new Promise((resolve) => setImmediate(resolve));
    done();
    all.use(idle.peer)();
    expect(all.count).toBe(0);
  });

  test('connections without an address are distinguished', async () => {
    const server = newServer();
    const all = new OpenSockets(server);
    const path = join(folder, 'peers.sock');
    await listenOnSocket(server, path);
    const peers: Socket[] = [];
    for (let each = 0; each < 2; each += 1) {
      const arrived = once(server, 'connection') as Promise<[Socket]>;
      sockets.push(connect(path));
      peers.push((await arrived)[0]);
    }
    expect([all.count, all.from(peers[0]!), all.from(peers[1]!)]).toEqual([2, ...peers]);
  });
});
