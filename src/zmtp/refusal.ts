import { ZmtpError } from './zmtp-error.ts';

/** The error for an unexpected handshake command, usually an ERROR with the peer's reason. */
export function refusal(name: string, data: Buffer): ZmtpError {
  if (name !== 'ERROR')
    return new ZmtpError('not_zmtp', `unexpected handshake command ${JSON.stringify(name.slice(0, 20))}`);
  const reason = data.toString('latin1', 1, 1 + Math.min(data[0] ?? 0, 100));
  return new ZmtpError('unauthorized', `the peer refused the connection: ${JSON.stringify(reason)}`);
}
