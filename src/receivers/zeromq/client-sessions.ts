import type { Intake } from '../../component/index.ts';
import { type DataFrame, type HelloFrame, hasOwner, isOwner } from '../../frames/index.ts';
import type { ServerConnection } from '../../zmtp/index.ts';
import { ClientSession } from './client-session.ts';

/**
 * The maximum number of producers per connection. An exporter is one producer; a program may have several.
 */
const MAX_PRODUCERS = 64;
/** How long a producer counts as active after it sent a batch. */
const ACTIVE_MILLIS = 1_000;

/** Why a message is refused. */
export type SessionRefusal = 'not_owner' | 'too_many_producers';

/**
 * Assigns producers to connections. A session exists as long as its connection, and while one of its batches
 * waits for the journal.
 *
 * A producer whose id has an owner is accepted only from a connection that has sent the secret of the id.
 * With CURVE, any other producer is accepted only from clients with the key with which it was first seen.
 * Otherwise, for older clients, a producer belongs to the connection that used it last.
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

  /** The session for a message that was received. */
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

  /** Removes the session if it has no connection and no batches that wait. */
  settled(session: ClientSession): void {
    if (session.connection !== undefined || session.inFlight > 0) return;
    this.#active.delete(session);
    // A batch may have waited for so long that its client has reconnected in the meantime, with a new
    // session.
    const key = keyOf(session.producer);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
  }

  /** Marks a session as active. @returns the number of active sessions */
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

/** The owner that the journal stores for a producer: a CURVE key, or the machine of the client. */
export function ownerOf({ key, address }: ServerConnection): string {
  return key === undefined ? address.replace(/:\d+$/, '') : `curve ${key}`;
}

function isKey(owner: string): boolean {
  return owner.startsWith('curve ');
}

function keyOf(producer: Uint8Array): string {
  return Buffer.from(producer.buffer, producer.byteOffset, producer.byteLength).toString('latin1');
}
