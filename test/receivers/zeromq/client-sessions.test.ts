import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Intake } from '../../../src/component/index.ts';
import { type DataFrame, type HelloFrame, newProducer } from '../../../src/frames/index.ts';
import { ClientSession } from '../../../src/receivers/zeromq/client-session.ts';
import { ClientSessions, ownerOf } from '../../../src/receivers/zeromq/client-sessions.ts';
import type { ServerConnection } from '../../../src/zmtp/index.ts';

const noOwners = { ownerOf: () => undefined } as unknown as Intake;

function connectionOf(address: string, key?: string): ServerConnection {
  return { address, key, isFull: false, send: () => {}, destroy: () => {} };
}

const helloOf = (producer: Uint8Array, secret?: Uint8Array): HelloFrame => ({
  ...{ kind: 'hello', producer, secret, last: 0 },
});
const dataOf = (producer: Uint8Array) => ({ kind: 'data', producer }) as DataFrame;

/** The replies that a session is due, in short form. */
function repliesOf(session: ClientSession, last = 0): string[] {
  return session
    .takeReplies(new Uint8Array(16), 8, 1_000, () => last)
    .map((reply) => `${reply.kind} ${reply.kind === 'reject' ? reply.seq : reply.last}`);
}

test('pending batches of a closed connection do not end a session that its client has started since', () => {
  const sessions = new ClientSessions(noOwners);
  const { id, secret } = newProducer();
  const [old, next] = [connectionOf('a:1'), connectionOf('a:2')];
  const before = sessions.of(old, helloOf(id, secret)) as ClientSession;
  sessions.closed(old);
  const now = sessions.of(next, helloOf(id, secret)) as ClientSession;
  expect(now).not.toBe(before);
  // A batch of the old connection waited for room, and is appended only now.
  sessions.settled(before);
  expect(sessions.of(next, dataOf(id))).toBe(now);
});

test('a session exists while its batches wait for the journal, on the connection that uses it by then', () => {
  const sessions = new ClientSessions(noOwners);
  const { id, secret } = newProducer();
  const [old, next] = [connectionOf('a:1'), connectionOf('a:2')];
  const session = sessions.of(old, helloOf(id, secret)) as ClientSession;
  session.inFlight = 1;
  sessions.closed(old);
  expect(session.connection).toBeUndefined();
  expect(sessions.of(next, helloOf(id, secret))).toBe(session);
  expect(session.connection).toBe(next);
  // The old connection no longer has it: closing it again has no effect.
  sessions.closed(old);
  expect([session.connection, [...sessions.sessionsOf(old)], [...sessions.sessionsOf(next)]]).toEqual([
    next,
    [],
    [session],
  ]);
});

test('a connection may have 64 producers; one that moved to another connection does not count', () => {
  const sessions = new ClientSessions(noOwners);
  const [many, other] = [connectionOf('a:1'), connectionOf('a:2')];
  const ids = Array.from({ length: 65 }, () => randomBytes(16));
  for (const id of ids.slice(0, 64)) expect(sessions.of(many, helloOf(id))).toMatchObject({ inFlight: 0 });
  expect(sessions.of(many, helloOf(ids[64]!))).toBe('too_many_producers');
  sessions.of(other, dataOf(ids[0]!));
  expect(sessions.of(many, helloOf(ids[64]!))).toMatchObject({ inFlight: 0 });
  expect(sessions.of(many, helloOf(ids[0]!))).toBe('too_many_producers');
});

test('with CURVE a producer belongs to the key that used it first; without CURVE, to no client', () => {
  const producer = randomBytes(16);
  const ownedBy = (owner: string | undefined) =>
    new ClientSessions({ ownerOf: () => owner } as unknown as Intake);
  const mayContinue = (owner: string | undefined, connection: ServerConnection) =>
    ownedBy(owner).of(connection, dataOf(producer)) !== 'not_owner';
  const [plain, keyed] = [connectionOf('10.0.0.1:4000'), connectionOf('10.0.0.1:4001', 'K')];
  expect([ownerOf(plain), ownerOf(keyed), ownerOf(connectionOf('ipc'))]).toEqual([
    '10.0.0.1',
    'curve K',
    'ipc',
  ]);
  expect(ownerOf(connectionOf('[::1]:4000'))).toBe('[::1]');
  expect(mayContinue('curve K', keyed)).toBe(true);
  expect(mayContinue('curve L', keyed)).toBe(false);
  expect(mayContinue('curve K', plain)).toBe(false);
  expect(mayContinue('10.0.0.9', plain)).toBe(true);
  expect(mayContinue(undefined, keyed)).toBe(true);
  // An intake without owners.
  expect(new ClientSessions({} as Intake).of(plain, dataOf(producer))).toMatchObject({ producer });
});

test('producers that sent something within a second are active, counted over two seconds', () => {
  const sessions = new ClientSessions(noOwners);
  const connection = connectionOf('a:1');
  const session = () => sessions.of(connection, helloOf(randomBytes(16))) as ClientSession;
  const [a, b, c] = [session(), session(), session()];
  expect(sessions.activeCount).toBe(1);
  expect([sessions.active(a, 0), sessions.active(b, 500), sessions.active(b, 999)]).toEqual([1, 2, 2]);
  // Sessions of the previous second still count.
  expect(sessions.active(c, 1_000)).toBe(2);
  expect([sessions.active(c, 1_999), sessions.active(c, 2_000)]).toEqual([2, 1]);
  // Without its connection it is not active any more.
  sessions.active(a, 2_100);
  sessions.closed(connection);
  expect(sessions.activeCount).toBe(1);
});

test('replies are merged: the last one of each kind, a retry before all, a WELCOME when nothing is in flight', () => {
  const session = new ClientSession(new Uint8Array(16), connectionOf('a:1'));
  expect(repliesOf(session)).toEqual([]);
  session.ack(1);
  session.ack(2);
  expect(repliesOf(session)).toEqual(['ack 2']);
  expect(repliesOf(session)).toEqual([]);
  session.ack(3);
  session.nack(3);
  session.ack(4);
  expect(repliesOf(session)).toEqual(['nack 4']);
  session.nack(4);
  session.retry(4, 50);
  session.nack(5);
  session.ack(6);
  expect(repliesOf(session)).toEqual(['retry 6']);
  session.hello();
  session.inFlight = 1;
  expect(repliesOf(session, 9)).toEqual([]);
  session.inFlight = 0;
  expect([repliesOf(session, 9), repliesOf(session, 9)]).toEqual([['welcome 9'], []]);
  for (const seq of [1, 2, 3]) session.reject(seq, 'protobuf', 2);
  expect(repliesOf(session)).toEqual(['reject 2', 'reject 3']);
});

test('in any order of connects, closes and settlements, the last connection that proved a producer has it', () => {
  const step = fc.record({
    kind: fc.constantFrom('hello', 'data', 'close', 'begin', 'settle', 'wait', 'enter'),
    connection: fc.nat({ max: 1 }),
    producer: fc.nat({ max: 1 }),
  });
  const producers = [0, 1, 2].map(() => newProducer());
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
      const sessions = new ClientSessions(noOwners);
      let connections = [0, 1, 2].map((at) => connectionOf(`a:${at}`));
      /** The connection of each producer. */
      const speaker: (ServerConnection | undefined)[] = [undefined, undefined, undefined];
      const inJournal: ClientSession[] = [];
      /** They have a batch that waits for room. */
      const late: ClientSession[] = [];
      for (const { kind, connection: at, producer } of steps) {
        const connection = connections[at]!;
        const { id, secret } = producers[producer]!;
        if (kind === 'hello') {
          assert((sessions.of(connection, helloOf(id, secret)) as ClientSession).connection === connection);
          speaker[producer] = connection;
        } else if (kind === 'close') {
          sessions.closed(connection);
          for (const [which, each] of speaker.entries()) if (each === connection) speaker[which] = undefined;
          connections = connections.with(at, connectionOf(`a:${at}`));
        } else if (kind === 'settle') {
          const session = inJournal.shift();
          if (session === undefined) continue;
          session.inFlight -= 1;
          sessions.settled(session);
        } else if (kind === 'enter') {
          const session = late.shift();
          if (session === undefined) continue;
          session.inFlight += 1;
          inJournal.push(session);
        } else {
          const session = sessions.of(connection, dataOf(id));
          assert((speaker[producer] === connection) === (session !== 'not_owner'));
          if (typeof session === 'string' || kind === 'data') continue;
          if (kind === 'wait') late.push(session);
          else session.inFlight += 1;
          if (kind === 'begin') inJournal.push(session);
        }
      }
      const held = connections.flatMap((connection) => [...sessions.sessionsOf(connection)]);
      expect(held).toHaveLength(speaker.filter((each) => each !== undefined).length);
    }),
    { numRuns: 300 },
  );
});
