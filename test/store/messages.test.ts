import { HEADER_BYTES, lengthsOf, messageBytes } from '../../src/store/messages.ts';

test('a message consists of two lengths and its text; the bytes after it are written unchanged', () => {
  const message = { kind: 'warning', message: 'Zoë' } as const;
  const framed = messageBytes(message, 7);

  const { text, bytes } = lengthsOf(framed);
  expect({ text, bytes }).toEqual({ text: framed.length - HEADER_BYTES, bytes: 7 });
  expect(JSON.parse(framed.toString('utf8', HEADER_BYTES))).toEqual(message);
});

test.each([
  ['text', 0],
  ['bytes', 4],
])('a length of the %s beyond 1 GiB is an error', (name, at) => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(2 ** 30, at);
  expect(lengthsOf(header)).toMatchObject({ [name]: 2 ** 30 });
  header.writeUInt32BE(2 ** 30 + 1, at);
  expect(() => lengthsOf(header)).toThrow('a message of the store is garbled');
});
