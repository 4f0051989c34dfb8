import type { Intake, ReceiverCounters } from '../../component/index.ts';
import { encodeJsonLogs, scanLogsInTurns, type WireError } from '../../otlp/index.ts';
import { errorText, nextTurn } from '../../record/index.ts';
import { type Refusal, refusal } from './refusal.ts';

/** What becomes of a request, whatever the protocol. */
export type Taken =
  | {
      readonly kind: 'taken';
      /** What its sender should know: a partial success that rejects nothing. */
      readonly warning?: string | undefined;
    }
  | Refusal;

/** A request in protobuf. */
export interface LogRequest {
  readonly kind: 'request';
  readonly body: Uint8Array;
  /** What may be wrong with a request that holds nothing. */
  readonly hint?: string | undefined;
}

/** Counted as refused: the sender believes that something was sent. */
export const NO_RECORDS = 'no_records';

/**
 * Checks a request and appends it to the journal. It is `taken`, and counted, only after it is on the disk.
 * Never rejects.
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
  // An empty request is valid. One that is not empty was meant to say something.
  if (records === 0) {
    if (body.length === 0 && hint === undefined) return { kind: 'taken' };
    return {
      kind: 'taken',
      warning: `the request holds no log record${hint === undefined ? '' : `; ${hint}`}`,
    };
  }
  try {
    const answer = await intake.append({ body, records });
    if (answer.kind === 'full') {
      return refusal('full', 'the journal is full; come again', answer.retryAfterMillis);
    }
    // Without an origin nothing is ever recognised: this would be a fault of the journal.
    if (answer.kind !== 'accepted') return refusal('internal', `the journal answered ${answer.kind}`);
  } catch {
    return refusal('journal', 'the journal has failed; come again after the daemon was started again');
  }
  counters.batches += 1;
  counters.records += records;
  counters.bytes += body.length;
  return { kind: 'taken' };
}

/** OTLP/JSON as protobuf. A large one takes several turns of the event loop. Never rejects. */
export async function fromJson(json: Uint8Array): Promise<LogRequest | Refusal> {
  try {
    const { body, unknown } = await encodeJsonLogs(json, nextTurn);
    const hint = unknown === undefined ? undefined : `unknown name ${unknown}`;
    return { kind: 'request', body, hint };
  } catch (error) {
    return refusalOf(error);
  }
}

/** @param error of a reader of OTLP */
function refusalOf(error: unknown): Refusal {
  const { cause, message = errorText(error) } = error as Partial<WireError>;
  return refusal(cause === 'too_large' ? 'too_large' : 'malformed', message);
}
