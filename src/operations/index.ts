export { formatStatus, type Status } from './format-status.ts';
export { OperationsServer, type OperationsServerOptions } from './operations-server.ts';
export { operationsOptions } from './options.ts';
export type { DaemonState, ReceiverReport, SinkReport, Snapshot, StatusReport } from './status-report.ts';
