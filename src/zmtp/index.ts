export { Connection } from './connection.ts';
export type { ConnectionEvents, ConnectionOptions } from './connection-options.ts';
export type { Peer } from './mechanism.ts';
export { ZmtpClient, type ZmtpClientEvents, type ZmtpClientOptions } from './zmtp-client.ts';
export { ZmtpError, type ZmtpErrorCause } from './zmtp-error.ts';
export {
  type ServerConnection,
  ZmtpServer,
  type ZmtpServerEvents,
  type ZmtpServerOptions,
} from './zmtp-server.ts';
