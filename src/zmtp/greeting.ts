import { ZmtpError } from './zmtp-error.ts';

export const GREETING_BYTES = 64;

/** The first bytes that each side sends on a connection. Source: RFC 37 of ZeroMQ, "Version Negotiation" */
export interface Greeting {
  /** The minor version; heartbeats exist since 3.1. */
  readonly minor: number;
  readonly mechanism: string;
}

export function encodeGreeting(mechanism: 'NULL' | 'CURVE', isServer: boolean): Buffer {
  const greeting = Buffer.alloc(GREETING_BYTES);
  greeting[0] = 0xff;
  // Earlier versions have the length of an identity here.
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
  if (!looksLikeZmtp(greeting)) throw new ZmtpError('not_zmtp', 'the peer does not speak ZeroMQ');
  const major = greeting[10]!;
  if (major < 3) throw new ZmtpError('not_zmtp', `the peer speaks version ${major} of ZMTP, expected 3`);
  return {
    minor: major > 3 ? 1 : greeting[11]!,
    mechanism: greeting.toString('latin1', 12, 32).replace(/\0+$/, ''),
  };
}

/** Whether the bytes can be the beginning of a greeting, before all of it has arrived. */
export function looksLikeZmtp(beginning: Buffer): boolean {
  return (
    (beginning.length < 1 || beginning[0] === 0xff) && (beginning.length < 10 || (beginning[9]! & 1) === 1)
  );
}
