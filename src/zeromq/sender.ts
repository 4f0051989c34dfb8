import type { ReadableLogRecordLike } from '../record/index.ts';
import type { ExportError, ExportErrorCause } from './export-error.ts';

/** The end of an export: without an error when it succeeded. Called once. */
export type Done = (error?: ExportError) => void;

/** The part of the exporter that a mode decides. */
export interface Sender {
  /** Takes records. @throws what the serializer throws; then nothing was taken. */
  send(records: readonly ReadableLogRecordLike[], done: Done): void;
  /** Resolves when all that was taken before has met its end. */
  idle(): Promise<void>;
  /** Fails what has not left, and closes the socket. */
  close(fault: ExportErrorCause): void;
  state(): SenderState;
}

/** What a sender holds, and what happened on the way. */
export interface SenderState {
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  readonly resent: number;
  readonly journalChanges: number;
}
