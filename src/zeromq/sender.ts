import type { ReadableLogRecordLike } from '../record/index.ts';
import type { ExportError, ExportErrorCause } from './export-error.ts';

/** Called once when an export ends; without an error if it succeeded. */
export type Done = (error?: ExportError) => void;

/** The part of the exporter that depends on the mode. */
export interface Sender {
  /** Accepts records. @throws what the serializer throws; nothing was accepted then */
  send(records: readonly ReadableLogRecordLike[], done: Done): void;
  /** Resolves when every export that was accepted so far has ended. */
  idle(): Promise<void>;
  /** Fails everything that was not sent, and closes the socket. */
  close(cause: ExportErrorCause): void;
  state(): SenderState;
}

/** What a sender holds, and how often it resent batches or met a new journal. */
export interface SenderState {
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  readonly resent: number;
  readonly journalChanges: number;
}
