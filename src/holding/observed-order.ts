import type { Context } from '@opentelemetry/api';
import type { Burst, Trigger } from './burst.ts';
import { ImmediateOrder } from './immediate-order.ts';
import type { HoldingObserver } from './observer.ts';
import type { Keys, OrderParts } from './order.ts';

/** The immediate order that reports to an observer. */
export class ObservedOrder<T> extends ImmediateOrder<T> {
  readonly #observer: HoldingObserver<T>;

  constructor(parts: OrderParts<T>, observer: HoldingObserver<T>) {
    super(parts);
    this.#observer = observer;
    observer.attach(this.items());
  }

  override hold(key: string, item: T, size: number, now: number): void {
    super.hold(key, item, size, now);
    this.#observer.held(now);
  }

  override trigger(
    key: string,
    item: T,
    size: number,
    trigger: Trigger,
    now: number,
    context: Context,
  ): void {
    this.#observer.releasing([key]);
    super.trigger(key, item, size, trigger, now, context);
    this.#observer.triggered();
  }

  override burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined {
    this.#observer.releasing(keys);
    const burst = super.burst(keys, trigger, now);
    this.#observer.triggered();
    return burst;
  }
}
