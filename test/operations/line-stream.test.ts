import type { ServerResponse } from 'node:http';
import { LineStream } from '../../src/operations/line-stream.ts';
import { Recorded } from './support/recorded-response.ts';

function streaming() {
  const response = new Recorded();
  const heads: unknown[] = [];
  const writeHead = (...head: unknown[]) => {
    heads.push(head);
    response.headersSent = true;
    return response;
  };
  response.writeHead = writeHead as () => typeof response;
  return { out: new LineStream(response as unknown as ServerResponse), response, heads };
}

test('it begins with the first line, once, so that an error before it can have a status', () => {
  const { out, response, heads } = streaming();
  expect([out.hasBegun, heads]).toEqual([false, []]);
  expect(out.write('a\n')).toBeUndefined();
  out.begin();
  void out.writeInfo({ heartbeat: true });
  expect(heads).toEqual([
    [
      200,
      {
        'content-type': 'application/x-ndjson',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
    ],
  ]);
  expect([out.hasBegun, response.text]).toEqual([true, 'a\n{"distlog":{"heartbeat":true}}\n']);
});

test('all writers wait for a slow client together, and see how much it has not received', async () => {
  const { out, response } = streaming();
  response.isSlow = true;
  const one = out.write('abc\n');
  const other = out.writeInfo({ missed: 1 });
  expect(one).toBe(other);
  expect(out.waitingBytes).toBeGreaterThan(4);
  let isOver = false;
  const over = one!.then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  expect(isOver).toBe(false);
  response.isSlow = false;
  response.drain();
  await over;
  expect(out.write('d\n')).toBeUndefined();
  expect(response.listenerCount('drain')).toBe(0);
});

test('a client that closes ends the waiting, and gets nothing more', async () => {
  const { out, response } = streaming();
  response.isSlow = true;
  const waiting = out.write('abc\n');
  response.close();
  await waiting;
  expect(out.signal.reason).toEqual(new Error('the client has closed the connection'));
  expect(out.write('more\n')).toBeUndefined();
  expect(response.text).toBe('abc\n');
  expect(response.listenerCount('drain')).toBe(0);

  const before = streaming();
  before.response.close();
  before.out.begin();
  expect(before.out.write('a\n')).toBeUndefined();
  expect([before.heads, before.response.text]).toEqual([[], '']);
});
