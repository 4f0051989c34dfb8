import { ZmtpError } from './zmtp-error.ts';

/** What a command means that is not the one that the handshake expects: mostly the peer's reason to refuse. */
export function refusal(name: string, data: Buffer): ZmtpError {
  if (name !== 'ERROR')
    return new ZmtpError('not_zmtp', `the handshake has the command ${JSON.stringify(name.slice(0, 20))}`);
  const reason = data.toString('latin1', 1, 1 + Math.min(data[0] ?? 0, 100));
  return new ZmtpError('unauthorized', `the peer refuses the connection: ${JSON.stringify(reason)}`);
}
