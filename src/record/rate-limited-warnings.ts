import { diag } from '@opentelemetry/api';
import type { Clock } from './clock.ts';
import { watcher } from './watcher.ts';

/**
 * Warns the operator of trouble through OpenTelemetry's `diag`, and does not flood: of each kind at most one
 * message in `everyMillis`; the next one says how many were left out.
 */
export class RateLimitedWarnings {
  readonly #component: string;
  readonly #clock: Clock;
  readonly #everyMillis: number;
  readonly #kinds = new Map<string, { nextAt: number; leftOut: number }>();

  /** @param component the name that stands before each message */
  constructor(component: string, clock: Clock, everyMillis = 10_000) {
    this.#component = component;
    this.#clock = clock;
    this.#everyMillis = everyMillis;
  }

  /** @param kind a fixed word, one per sort of trouble; never built from data */
  warn(kind: string, message: string): void {
    const now = this.#clock.monotonicNow();
    let state = this.#kinds.get(kind);
    if (state === undefined) {
      state = { nextAt: Number.NEGATIVE_INFINITY, leftOut: 0 };
      this.#kinds.set(kind, state);
    }
    if (now < state.nextAt) {
      state.leftOut += 1;
      return;
    }
    const more = state.leftOut > 0 ? ` (${state.leftOut} more like this since the last message)` : '';
    state.nextAt = now + this.#everyMillis;
    state.leftOut = 0;
    try {
      watcher()?.warning(`${this.#component}: ${message}`);
      diag.warn(`${this.#component}: ${message}${more}`);
    } catch {
      // A diag logger of the application's own may throw; there is nowhere else to report it.
    }
  }
}
