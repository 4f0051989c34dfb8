import type { CurveServerKeys } from '../../net/index.ts';
import type { Clock } from '../../record/index.ts';
import type { IntakeLike } from './intake.ts';

/** What a receiver works with, beside its options. */
export interface ZmqReceiverTools {
  /** Where batches go. */
  readonly intake: IntakeLike;
  /** The keys that the option `curve` names. */
  readonly curve?: CurveServerKeys | undefined;
  /** The name of the option `endpoint` for messages. Default: `endpoint`. */
  readonly setting?: string | undefined;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock | undefined;
}
