import type { Context } from '@opentelemetry/api';
import type { Trigger, TriggerCause } from '../holding/index.ts';
import { explicitFingerprint, fingerprintOf } from '../limit/index.ts';
import {
  EXCEPTION_TYPE,
  errorText,
  type RateLimitedWarnings,
  type ReadableLogRecordLike,
  Severity,
} from '../record/index.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';
import type { ResolvedBurstOptions } from './resolve-options.ts';

/**
 * Decides which records are triggers, and computes the fingerprints of their errors. Errors thrown by
 * functions of the application are logged as warnings and not passed on.
 */
export class TriggerRules {
  readonly #options: Pick<ResolvedBurstOptions, 'burstLevel' | 'exceptions' | 'when' | 'fingerprint'>;
  readonly #guard: ReentrancyGuard;
  readonly #warnings: RateLimitedWarnings;
  /** Whether quiet records can be triggers and must be checked. */
  readonly askQuiet: boolean;

  constructor(options: ResolvedBurstOptions, guard: ReentrancyGuard, warnings: RateLimitedWarnings) {
    this.#options = options;
    this.#guard = guard;
    this.#warnings = warnings;
    this.askQuiet = options.exceptions || options.when !== undefined;
  }

  /** Returns why a record is a trigger, or undefined if it is not. */
  causeOf(record: ReadableLogRecordLike, severity: number, context: Context): TriggerCause | undefined {
    const { burstLevel, exceptions, when } = this.#options;
    if (severity >= burstLevel) return 'severity';
    const mayBeException = exceptions || severity === Severity.UNSPECIFIED;
    if (mayBeException && record.attributes[EXCEPTION_TYPE] !== undefined) return 'exception';
    if (when === undefined) return undefined;
    try {
      return this.#guard.call(() => when(record, context)) === true ? 'predicate' : undefined;
    } catch (error) {
      this.#warnings.warn('when', `triggers.when threw ${errorText(error)}; the record is not a trigger`);
      return undefined;
    }
  }

  /** Returns the trigger of a record. FATAL records have no fingerprint, because they are not limited. */
  triggerOf(record: ReadableLogRecordLike, severity: number, cause: TriggerCause): Trigger {
    return { cause, fingerprint: severity >= Severity.FATAL ? undefined : () => this.#fingerprintOf(record) };
  }

  /** Returns the fingerprint of the option `fingerprint`, otherwise that of `fingerprintOf()`. */
  #fingerprintOf(record: ReadableLogRecordLike): string {
    const { fingerprint } = this.#options;
    if (fingerprint === undefined) return fingerprintOf(record);
    try {
      const given = this.#guard.call(() => fingerprint(record));
      if (typeof given === 'string' && given !== '') return explicitFingerprint(given);
      this.#warn('returned no text');
    } catch (error) {
      this.#warn(`threw ${errorText(error)}`);
    }
    return fingerprintOf(record);
  }

  #warn(what: string): void {
    this.#warnings.warn('fingerprint', `fingerprint ${what}; the default fingerprint is used`);
  }
}
