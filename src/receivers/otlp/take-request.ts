import type { Intake, ReceiverCounters } from '../../component/index.ts';
import { decodeJsonLogs, encodeDecoded, scanLogs, type WireError } from '../../otlp/index.ts';
import { errorText } from '../../record/index.ts';
import { type Refusal, refusal } from './refusal.ts';

/** What becomes of a request, whatever the protocol. */
export type Taken = { readonly kind: 'taken' } | Refusal;

/**
 * Looks a request through and hands it to the journal. `taken` is said, and counted, only after it is on the disk.
 * Never rejects.
 */
export async function takeRequest(
  intake: Intake,
  counters: ReceiverCounters,
  body: Uint8Array,
  maxBytes: number,
): Promise<Taken> {
  let records: number;
  try {
    ({ records } = scanLogs(body, maxBytes));
  } catch (error) {
    return refusalOf(error);
  }
  // Nothing to keep, and nothing wrong: an empty request is a valid one.
  if (records === 0) return { kind: 'taken' };
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

/** OTLP/JSON as protobuf. */
export function fromJson(body: Uint8Array): Uint8Array | Refusal {
  try {
    return encodeDecoded(decodeJsonLogs(body));
  } catch (error) {
    return refusalOf(error);
  }
}

/** @param error of a reader of OTLP */
function refusalOf(error: unknown): Refusal {
  const { cause, message = errorText(error) } = error as Partial<WireError>;
  return refusal(cause === 'too_large' ? 'too_large' : 'malformed', message);
}
