import type { ResolvedExporterOptions } from './exporter-options.ts';

/** A connection counts as broken after so many heartbeats without an answer. */
const LOST_HEARTBEATS = 3;

/** The options of an exporter's socket that both modes share. */
export function clientSocketOptions(options: ResolvedExporterOptions) {
  const { heartbeatMillis, curve, endpoint } = options;
  return {
    // Nothing here may ever keep a process that wants to end.
    linger: 0,
    // Try, never wait: a waiting call of ZeroMQ keeps the process alive.
    sendTimeout: 0,
    ipv6: endpoint.startsWith('tcp://['),
    reconnectInterval: options.reconnectMillis,
    reconnectMaxInterval: options.reconnectMaxMillis,
    ...(heartbeatMillis === 0
      ? {}
      : {
          heartbeatInterval: heartbeatMillis,
          heartbeatTimeout: heartbeatMillis * LOST_HEARTBEATS,
          handshakeInterval: Math.max(1_000, heartbeatMillis * LOST_HEARTBEATS),
        }),
    ...(curve === undefined
      ? {}
      : {
          curveServerKey: curve.serverKey,
          curvePublicKey: curve.publicKey,
          curveSecretKey: curve.secretKey,
        }),
  };
}
