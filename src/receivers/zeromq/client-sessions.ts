import type { Intake } from '../../component/index.ts';
import { type DataFrame, type HelloFrame, hasOwner, isOwner } from '../../frames/index.ts';
import type { ServerConnection } from '../../zmtp/index.ts';
import { ClientSession } from './client-session.ts';

/** Producers of one connection. An exporter is one; a program may join some. */
const MAX_PRODUCERS = 64;
/** How long a producer that sent something counts as active. */
const ACTIVE_MILLIS = 1_000;

/** Why a message is not taken. */
export type SessionRefusal = 'not_owner' | 'too_many_producers';

/**
 * Who speaks for which producer. A session lasts as long as its connection, and while something of it waits
 * for the journal.
 *
 * A producer whose id has an owner is taken from a connection that has shown the secret of the id. With
 * CURVE, any producer is taken only from clients with the key that it was first seen with. Else, which older
 * clients need, it belongs to the connection that spoke last.
 */
export class ClientSessions {
  readonly #intake: Intake;
  readonly #sessions = new Map<string, ClientSession>();
  readonly #ofConnection = new Map<ServerConnection, Set<ClientSession>>();
  #active = new Set<ClientSession>();
  #activeBefore = 0;
  #activeSince = Number.NEGATIVE_INFINITY;

  constructor(intake: Intake) {
    this.#intake = intake;
  }

  /** The session of a message that just came. */
  of(connection: ServerConnection, frame: DataFrame | HelloFrame): ClientSession | SessionRefusal {
    const key = keyOf(frame.producer);
    const known = this.#sessions.get(key);
    if (known !== undefined && known.connection === connection) return known;
    if (!this.#mayContinue(connection, frame)) return 'not_owner';
    const others = this.#ofConnection.get(connection) ?? new Set();
    if (others.size >= MAX_PRODUCERS) return 'too_many_producers';
    this.#ofConnection.set(connection, others);
    const session = known ?? new ClientSession(frame.producer, connection);
    if (known?.connection !== undefined) this.#ofConnection.get(known.connection)?.delete(known);
    session.connection = connection;
    session.owner = ownerOf(connection);
    others.add(session);
    this.#sessions.set(key, session);
    return session;
  }

  sessionsOf(connection: ServerConnection): Iterable<ClientSession> {
    return this.#ofConnection.get(connection) ?? [];
  }

  closed(connection: ServerConnection): void {
    for (const session of this.sessionsOf(connection)) {
      session.connection = undefined;
      this.settled(session);
    }
    this.#ofConnection.delete(connection);
  }

  /** Nothing of it waits any more: without a connection it is forgotten. */
  settled(session: ClientSession): void {
    if (session.connection !== undefined || session.inFlight > 0) return;
    this.#active.delete(session);
    // A batch of it may have waited for room so long that its client has come back meanwhile, as another session.
    const key = keyOf(session.producer);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
  }

  /** It sends batches. @returns how many do */
  active(session: ClientSession, nowMillis: number): number {
    if (nowMillis - this.#activeSince >= ACTIVE_MILLIS) {
      this.#activeBefore = this.#active.size;
      this.#active = new Set();
      this.#activeSince = nowMillis;
    }
    this.#active.add(session);
    return this.activeCount;
  }

  get activeCount(): number {
    return Math.max(this.#activeBefore, this.#active.size, 1);
  }

  #mayContinue(connection: ServerConnection, frame: DataFrame | HelloFrame): boolean {
    if (hasOwner(frame.producer)) {
      return frame.kind === 'hello' && frame.secret !== undefined && isOwner(frame.producer, frame.secret);
    }
    const owner = this.#intake.ownerOf?.(frame.producer);
    return owner === undefined || !isKey(owner) || owner === ownerOf(connection);
  }
}

/** For whom the journal remembers a producer: a key of CURVE, or the machine that it comes from. */
export function ownerOf({ key, address }: ServerConnection): string {
  return key === undefined ? address.replace(/:\d+$/, '') : `curve ${key}`;
}

function isKey(owner: string): boolean {
  return owner.startsWith('curve ');
}

function keyOf(producer: Uint8Array): string {
  return Buffer.from(producer.buffer, producer.byteOffset, producer.byteLength).toString('latin1');
}
