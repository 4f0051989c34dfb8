export { formatStatus, type Status } from './format-status.ts';
export { LiveTap } from './live-tap.ts';
export { OperationsServer, type OperationsServerOptions, type SocketPath } from './operations-server.ts';
export { operationsOptions } from './options.ts';
export type { Operated } from './routes.ts';
export type { DaemonState, ReceiverReport, SinkReport, Snapshot, StatusReport } from './status-report.ts';
