/** Why records were not delivered. */
export type ExportErrorCause =
  /** Not acknowledged within `exportTimeoutMillis`. They are in the journal once, or not at all. */
  | 'timeout'
  /** The daemon rejected the batch permanently. */
  | 'rejected'
  /** The batch has more bytes than the daemon takes. */
  | 'too_large'
  /** More exports at once than `windowBatches`. */
  | 'window_full'
  /** Push: more bytes wait than `maxQueueBytes`. */
  | 'queue_full'
  /** It could not be compressed. */
  | 'compression'
  /** Push: ZeroMQ did not take a message. */
  | 'send'
  /** They came after, or had not left at, the end of `shutdown()`. */
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
