import { ZmtpError } from './zmtp-error.ts';

export const GREETING_BYTES = 64;

/** The first bytes of a connection, of both sides. Source: RFC 37 of ZeroMQ, "Version Negotiation" */
export interface Greeting {
  /** Heartbeats came with 3.1. */
  readonly minor: number;
  readonly mechanism: string;
}

export function encodeGreeting(mechanism: 'NULL' | 'CURVE', isServer: boolean): Buffer {
  const greeting = Buffer.alloc(GREETING_BYTES);
  greeting[0] = 0xff;
  // Where earlier versions have the length of an identity.
  greeting[8] = 1;
  greeting[9] = 0x7f;
  greeting[10] = 3;
  greeting[11] = 1;
  greeting.write(mechanism, 12, 'latin1');
  greeting[32] = isServer && mechanism === 'CURVE' ? 1 : 0;
  return greeting;
}

/** @throws ZmtpError unless the peer speaks ZMTP 3 */
export function readGreeting(greeting: Buffer): Greeting {
  if (!looksLikeZmtp(greeting)) throw new ZmtpError('not_zmtp', 'it does not speak ZeroMQ');
  const major = greeting[10]!;
  if (major < 3) throw new ZmtpError('not_zmtp', `it speaks version ${major} of ZMTP, not 3`);
  return {
    minor: major > 3 ? 1 : greeting[11]!,
    mechanism: greeting.toString('latin1', 12, 32).replace(/\0+$/, ''),
  };
}

/** What is known before all of a greeting is here. */
export function looksLikeZmtp(beginning: Buffer): boolean {
  return (
    (beginning.length < 1 || beginning[0] === 0xff) && (beginning.length < 10 || (beginning[9]! & 1) === 1)
  );
}
