import { diag } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import { watcher } from './watcher.ts';

/**
 * Logs warnings through OpenTelemetry's `diag`, at most one per kind in `everyMillis`. The next message of a
 * kind reports how many were suppressed.
 */
export class RateLimitedWarnings {
  readonly #component: string;
  readonly #clock: Clock;
  readonly #everyMillis: number;
  readonly #kinds = new Map<string, { nextAt: number; suppressed: number }>();

  /** @param component the prefix of each message */
  constructor(component: string, clock: Clock, everyMillis = 10_000) {
    this.#component = component;
    this.#clock = clock;
    this.#everyMillis = everyMillis;
  }

  /** @param kind a constant; it must not contain data, because one entry per kind is kept */
  warn(kind: string, message: string): void {
    const now = this.#clock.monotonicNow();
    let state = this.#kinds.get(kind);
    if (state === undefined) {
      state = { nextAt: Number.NEGATIVE_INFINITY, suppressed: 0 };
      this.#kinds.set(kind, state);
    }
    if (now < state.nextAt) {
      state.suppressed += 1;
      return;
    }
    const more = state.suppressed > 0 ? ` (${state.suppressed} more like this since the last message)` : '';
    state.nextAt = now + this.#everyMillis;
    state.suppressed = 0;
    try {
      watcher()?.warning(`${this.#component}: ${message}`);
      diag.warn(`${this.#component}: ${message}${more}`);
    } catch {
      // A diag logger of the application may throw, and there is no other place to report that.
    }
  }
}
