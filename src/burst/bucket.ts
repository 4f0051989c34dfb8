import { Group } from '../record/index.ts';
import { type Evictions, noEvictions } from './accounts.ts';
import type { Window } from './window.ts';

/** What one key holds, and what is known of it. */
export class Bucket extends Group {
  readonly key: string;
  /** Set while the after-window may be open, and for good when a trace that burst has settled. */
  window: Window | undefined;
  /** Whether it burst since it came to be. */
  hasBurst = false;
  /** Whether its trace burst and has no open span any more: what comes late is not held again. */
  isSettled = false;
  /** Lost since its last burst. Made when the first one is lost. */
  evicted: Evictions | undefined;

  constructor(key: string) {
    super();
    this.key = key;
  }

  /** Notes losses for the next manifest. */
  lose(cause: keyof Evictions, count: number): void {
    this.evicted ??= noEvictions();
    this.evicted[cause] += count;
  }
}
