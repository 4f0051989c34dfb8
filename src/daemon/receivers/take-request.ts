import { scanLogs } from '../../wire/index.ts';
import type { Intake, ReceiverCounters } from '../contract.ts';
import { countRefused } from './counters.ts';

/** What becomes of a request, whatever the protocol. */
export type Taken =
  | { readonly kind: 'taken' }
  | { readonly kind: 'full'; readonly retryAfterMillis: number }
  | { readonly kind: 'malformed'; readonly message: string }
  | { readonly kind: 'failed' };

/** Looks a request through, hands it to the journal, and counts. Never rejects. */
export async function takeRequest(
  intake: Intake,
  counters: ReceiverCounters,
  body: Uint8Array,
): Promise<Taken> {
  let records: number;
  try {
    ({ records } = scanLogs(body));
  } catch (error) {
    countRefused(counters, 'malformed');
    return { kind: 'malformed', message: (error as Error).message };
  }
  // Nothing to keep, and nothing wrong: an empty request is a valid one.
  if (records === 0) return { kind: 'taken' };
  try {
    const answer = await intake.append({ body, records });
    if (answer.kind === 'full') {
      countRefused(counters, 'full');
      return answer;
    }
    counters.batches += 1;
    counters.records += records;
    counters.bytes += body.length;
    return { kind: 'taken' };
  } catch {
    // The journal has failed and the daemon ends: nothing is acknowledged.
    countRefused(counters, 'journal');
    return { kind: 'failed' };
  }
}
