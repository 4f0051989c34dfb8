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
 * Says which records are triggers, and which error a trigger is. Nothing that the application throws passes.
 */
export class TriggerRules {
  readonly #options: Pick<ResolvedBurstOptions, 'burstLevel' | 'exceptions' | 'when' | 'fingerprint'>;
  readonly #guard: ReentrancyGuard;
  readonly #warnings: RateLimitedWarnings;
  /** Whether quiet records must be asked too. */
  readonly askQuiet: boolean;

  constructor(options: ResolvedBurstOptions, guard: ReentrancyGuard, warnings: RateLimitedWarnings) {
    this.#options = options;
    this.#guard = guard;
    this.#warnings = warnings;
    this.askQuiet = options.exceptions || options.when !== undefined;
  }

  /** Why a record of this severity is a trigger; undefined if it is none. */
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

  /** The trigger that a record is. A crash is not limited. */
  triggerOf(record: ReadableLogRecordLike, severity: number, cause: TriggerCause): Trigger {
    return { cause, fingerprint: severity >= Severity.FATAL ? undefined : () => this.#fingerprintOf(record) };
  }

  /** As the application says; else by the rules of `fingerprintOf()`. */
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
    this.#warnings.warn('fingerprint', `fingerprint ${what}; the default fingerprint counts`);
  }
}
