import type { Intake, ReceiverCounters } from '../../component/index.ts';
import { encodeJsonLogs, scanLogsInTurns, type WireError } from '../../otlp/index.ts';
import { errorText, nextTurn } from '../../record/index.ts';
import { type Refusal, refusal } from './refusal.ts';

/** The result of a request, for any protocol. */
export type Taken =
  | {
      readonly kind: 'taken';
      /** A message for the sender: a partial success that rejects nothing. */
      readonly warning?: string | undefined;
    }
  | Refusal;

/** A request in protobuf. */
export interface LogRequest {
  readonly kind: 'request';
  readonly body: Uint8Array;
  /** What may be wrong with a request that has no records. */
  readonly hint?: string | undefined;
}

/** The cause that is counted when a sender believes it has sent records, but the request has none. */
export const NO_RECORDS = 'no_records';

/**
 * Checks a request and appends it to the journal. It is `taken`, and counted, only after it is on disk. Never
 * rejects.
 */
export async function takeRequest(
  intake: Intake,
  counters: ReceiverCounters,
  { body, hint }: LogRequest,
  maxBytes: number,
): Promise<Taken> {
  let records: number;
  try {
    ({ records } = await scanLogsInTurns(body, maxBytes, nextTurn));
  } catch (error) {
    return refusalOf(error);
  }
  // An empty request is valid. A request with content but without records is probably a mistake.
  if (records === 0) {
    if (body.length === 0 && hint === undefined) return { kind: 'taken' };
    return {
      kind: 'taken',
      warning: `the request has no log records${hint === undefined ? '' : `; ${hint}`}`,
    };
  }
  try {
    const answer = await intake.append({ body, records });
    if (answer.kind === 'full') {
      return refusal('full', 'the journal is full; retry later', answer.retryAfterMillis);
    }
    // Without an origin nothing can be a duplicate, so this would be a fault of the journal.
    if (answer.kind !== 'accepted') return refusal('internal', `the journal answered ${answer.kind}`);
  } catch {
    return refusal('journal', 'the journal has failed; retry after the daemon has been restarted');
  }
  counters.batches += 1;
  counters.records += records;
  counters.bytes += body.length;
  return { kind: 'taken' };
}

/** Converts OTLP/JSON to protobuf. A large request takes several turns of the event loop. Never rejects. */
export async function fromJson(json: Uint8Array): Promise<LogRequest | Refusal> {
  try {
    const { body, unknown } = await encodeJsonLogs(json, nextTurn);
    const hint = unknown === undefined ? undefined : `unknown name ${unknown}`;
    return { kind: 'request', body, hint };
  } catch (error) {
    return refusalOf(error);
  }
}

/** @param error an error of an OTLP reader */
function refusalOf(error: unknown): Refusal {
  const { cause, message = errorText(error) } = error as Partial<WireError>;
  return refusal(cause === 'too_large' ? 'too_large' : 'malformed', message);
}
