import type { Intake, OwnLog } from '../../component/index.ts';
import type { CurveServerKeys } from '../../net/index.ts';
import type { Clock } from '../../record/index.ts';

/** What a receiver works with, beside its options. */
export interface ZmqReceiverTools {
  /** Where batches go. */
  readonly intake: Intake;
  /** The keys that the option `curve` names. */
  readonly curve?: CurveServerKeys | undefined;
  /** Where refused clients and messages are logged. Default: OpenTelemetry's `diag`. */
  readonly log?: OwnLog | undefined;
  /** The name of the option `endpoint` for messages. Default: `endpoint`. */
  readonly setting?: string | undefined;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock | undefined;
}
