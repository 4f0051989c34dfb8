import type { Clock } from '../record/index.ts';

/** Traces of which the open spans are counted at once. */
const MAX_OPEN = 65_536;

/** What is reported of a trace between its last span and its settling. */
export interface TraceEnds {
  /** Its last span has ended; it settles if none begins. */
  ended(traceId: string): void;
  /** One has begun. */
  resumed(traceId: string): void;
}

/**
 * Counts the open spans of each trace in this process, and reports when a trace has settled: its last span
 * has ended, and for `lingerMillis` none has begun.
 *
 * Bounded: when too many are open, the longest open one is forgotten (spans that never end must not fill it
 * forever); such a trace is then like one without spans, and freed by its silence.
 */
export class TraceTable {
  readonly #clock: Clock;
  readonly #lingerMillis: number;
  readonly #onSettled: (traceId: string, now: number) => void;
  readonly #onReopened: (traceId: string) => void;
  readonly #ends: TraceEnds | undefined;
  readonly #open = new Map<string, { spans: number }>();
  /** When each will settle; all linger equally long, so that the first is the next. */
  readonly #lingering = new Map<string, number>();
  #cancelTimer: (() => void) | undefined;
  #isEnded = false;

  constructor(
    clock: Clock,
    lingerMillis: number,
    onSettled: (traceId: string, now: number) => void,
    onReopened: (traceId: string) => void,
    ends?: TraceEnds | undefined,
  ) {
    this.#ends = ends;
    this.#clock = clock;
    this.#lingerMillis = lingerMillis;
    this.#onSettled = onSettled;
    this.#onReopened = onReopened;
  }

  /** Traces with open spans. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Whether the last span of a trace has ended a moment ago. */
  hasEnded(traceId: string): boolean {
    return this.#lingering.has(traceId);
  }

  /** Whether a trace has open spans, or had some a moment ago. */
  has(traceId: string): boolean {
    return this.#open.has(traceId) || this.#lingering.has(traceId);
  }

  spanStarted(traceId: string): void {
    if (this.#isEnded) return;
    const trace = this.#open.get(traceId);
    if (trace !== undefined) {
      trace.spans += 1;
      return;
    }
    if (!this.#lingering.delete(traceId)) this.#onReopened(traceId);
    else this.#ends?.resumed(traceId);
    this.#open.set(traceId, { spans: 1 });
    if (this.#open.size <= MAX_OPEN) return;
    const [longestOpen] = this.#open.keys();
    this.#open.delete(longestOpen!);
  }

  spanEnded(traceId: string): void {
    const trace = this.#open.get(traceId);
    if (trace === undefined) return;
    trace.spans -= 1;
    if (trace.spans > 0) return;
    this.#open.delete(traceId);
    const now = this.#clock.monotonicNow();
    if (this.#lingerMillis === 0) {
      this.#onSettled(traceId, now);
      return;
    }
    this.#lingering.set(traceId, now + this.#lingerMillis);
    this.#ends?.ended(traceId);
    if (this.#lingering.size > MAX_OPEN) this.#settleFirst(now);
    this.#arm(now);
  }

  /** Settles the traces whose spans have all ended: the process ends, and no span will follow. */
  settleLingering(): void {
    const now = this.#clock.monotonicNow();
    while (this.#lingering.size > 0) this.#settleFirst(now);
  }

  /** Forgets everything, also what is still to come: spans go on after the end of the logs. */
  shutdown(): void {
    this.#isEnded = true;
    this.#cancelTimer?.();
    this.#open.clear();
    this.#lingering.clear();
  }

  #arm(now: number): void {
    if (this.#cancelTimer !== undefined) return;
    const [dueAt] = this.#lingering.values();
    if (dueAt === undefined) return;
    this.#cancelTimer = this.#clock.after(Math.max(0, dueAt - now), () => {
      this.#cancelTimer = undefined;
      const later = this.#clock.monotonicNow();
      for (const due of this.#lingering.values()) {
        if (due > later) break;
        this.#settleFirst(later);
      }
      this.#arm(later);
    });
  }

  /** At least one lingers. */
  #settleFirst(now: number): void {
    const [traceId] = this.#lingering.keys();
    this.#lingering.delete(traceId!);
    this.#onSettled(traceId!, now);
  }
}
