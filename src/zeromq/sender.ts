import type { ReadableLogRecordLike } from '../record/index.ts';
import type { ExportError, ExportErrorCause } from './export-error.ts';

/** The end of an export: without an error when it succeeded. Called once. */
export type Done = (error?: ExportError) => void;

/** The part of the exporter that a mode decides. */
export interface Sender {
  /** Accepts records. @throws what the serializer throws; then nothing was accepted. */
  send(records: readonly ReadableLogRecordLike[], done: Done): void;
  /** Resolves when every export that was accepted before has ended. */
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
