import type { Clock } from '../record/index.ts';

/** The maximum number of traces whose open spans are counted. */
const MAX_OPEN = 65_536;

/** Receives the events of a trace between the end of its last span and its settling. */
export interface TraceEndObserver {
  /** Called when the last span of a trace has ended. The trace settles unless a span starts. */
  ended(traceId: string): void;
  /** Called when a span starts in a trace that has ended but not settled. */
  resumed(traceId: string): void;
}

/**
 * Counts the open spans of each trace in this process, and reports when a trace has settled: its last span
 * has ended, and no span has started for `lingerMillis`.
 *
 * - **Full**: the trace that has been open for longest is removed, so that spans that never end cannot fill
 *   the table. It is then treated like a trace without spans, whose records are evicted after `idleMillis`.
 */
export class TraceTable {
  readonly #clock: Clock;
  readonly #lingerMillis: number;
  readonly #onSettled: (traceId: string, now: number) => void;
  readonly #onReopened: (traceId: string) => void;
  readonly #observer: TraceEndObserver | undefined;
  readonly #open = new Map<string, { spans: number }>();
  /** The time at which each ended trace settles. All linger equally long, so the first entry is due first. */
  readonly #lingering = new Map<string, number>();
  #cancelTimer: (() => void) | undefined;
  #isEnded = false;

  constructor(
    clock: Clock,
    lingerMillis: number,
    onSettled: (traceId: string, now: number) => void,
    onReopened: (traceId: string) => void,
    observer?: TraceEndObserver | undefined,
  ) {
    this.#observer = observer;
    this.#clock = clock;
    this.#lingerMillis = lingerMillis;
    this.#onSettled = onSettled;
    this.#onReopened = onReopened;
  }

  /** Traces with open spans. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Whether the last span of a trace has ended and the trace has not settled. */
  hasEnded(traceId: string): boolean {
    return this.#lingering.has(traceId);
  }

  /** Whether a trace has open spans, or has ended and not settled. */
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
    else this.#observer?.resumed(traceId);
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
    this.#observer?.ended(traceId);
    if (this.#lingering.size > MAX_OPEN) this.#settleFirst(now);
    this.#arm(now);
  }

  /** Settles all ended traces at once. Called when the process is ending and no span will follow. */
  settleLingering(): void {
    const now = this.#clock.monotonicNow();
    while (this.#lingering.size > 0) this.#settleFirst(now);
  }

  /** Clears the table and ignores later events, because spans may continue after the shutdown of logging. */
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

  /** Settles the first lingering trace. There must be one. */
  #settleFirst(now: number): void {
    const [traceId] = this.#lingering.keys();
    this.#lingering.delete(traceId!);
    this.#onSettled(traceId!, now);
  }
}
