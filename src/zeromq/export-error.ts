/** Why records were not delivered. */
export type ExportErrorCause =
  /** Not acknowledged within `exportTimeoutMillis`. The records are in the journal once, or not at all. */
  | 'timeout'
  /** The daemon rejected the batch permanently. */
  | 'rejected'
  /** The batch has more bytes than the daemon accepts. */
  | 'too_large'
  /** More concurrent exports than `windowBatches`. */
  | 'window_full'
  /** Push mode: the queue would exceed `maxQueueBytes`. */
  | 'queue_full'
  /** The batch could not be compressed. */
  | 'compression'
  /** Push mode: the connection failed before the records were sent. */
  | 'send'
  /** Exported after `shutdown()`, or not sent when `shutdown()` ended. */
  | 'shutdown';

/** The error of a failed export. */
export class ExportError extends Error {
  /** Why the records were not delivered. */
  readonly code: ExportErrorCause;

  constructor(code: ExportErrorCause, message: string) {
    super(message);
    this.name = 'ExportError';
    this.code = code;
  }
}
