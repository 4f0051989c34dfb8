import fc from 'fast-check';
import {
  decodeZ85,
  encodeZ85,
  isLoopback,
  isOnThisMachine,
  parseListenAddress,
  parseZmqEndpoint,
} from '../../src/net/index.ts';

test.each([
  ['tcp://127.0.0.1:5010', true],
  ['tcp://127.8.8.8:5010', true],
  ['tcp://[::1]:5010', true],
  ['tcp://[0:0:0:0:0:0:0:1]:5010', true],
  ['tcp://[::ffff:127.0.0.1]:5010', true],
  ['tcp://[::ffff:7f00:1]:5010', true],
  ['tcp://localhost:5010', true],
  ['tcp://LOCALHOST:5010', true],
  ['tcp://127.0.0.1:*', true],
  ['ipc:///run/distlogd.sock', true],
  ['tcp://*:5010', false],
  ['tcp://0.0.0.0:5010', false],
  ['tcp://[::]:5010', false],
  ['tcp://[::ffff:10.0.0.1]:5010', false],
  ['tcp://192.168.1.7:5010', false],
  ['tcp://127.0.0.1.example.com:5010', false],
  ['tcp://eth0:5010', false],
  ['tcp://[fe80::1%eth0]:5010', false],
])('%s is reached from this machine only: %s', (endpoint, isPrivate) => {
  expect(parseZmqEndpoint(endpoint)).toBe(endpoint);
  expect(isOnThisMachine(endpoint)).toBe(isPrivate);
});

test.each([
  'http://localhost',
  'tcp://127.0.0.1',
  'tcp://127.0.0.1:65536',
  'tcp://::1:5010',
  'tcp://[::1:5010',
  'tcp://a b:5010',
  'tcp://10.0.0.1:1;10.0.0.2:1',
  'ipc://',
  'ipc://*',
  `ipc:///${'x'.repeat(103)}`,
  'ipc:///a\0b',
])('%j is no endpoint', (text) => {
  expect(parseZmqEndpoint(text)).toBeUndefined();
});

test('an address is recognized as loopback in every notation', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(octet, octet, octet, octet, (a, b, c, d) => {
      const address = `${a}.${b}.${c}.${d}`;
      const hex = `::ffff:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
      for (const host of [address, `::ffff:${address}`, hex, hex.toUpperCase()]) {
        expect(isLoopback(host)).toBe(a === 127);
        expect(parseListenAddress(host.includes(':') ? `[${host}]:1` : `${host}:1`)).toEqual({
          host,
          port: 1,
        });
      }
    }),
    { examples: [[127, 0, 0, 1]] },
  );
});

test('Z85 matches RFC 32, and decoding reverses encoding', () => {
  expect(encodeZ85(Buffer.from('864fd26fb559f75b', 'hex'))).toBe('HelloWorld');
  const bytes = fc
    .uint8Array({ minLength: 1, maxLength: 8 })
    .map((four) => Buffer.concat([four, four, four, four]));
  fc.assert(
    fc.property(bytes, (given) => expect(decodeZ85(encodeZ85(given))).toEqual(Uint8Array.from(given))),
  );
});
