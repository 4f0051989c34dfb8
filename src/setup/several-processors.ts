import { attempt, type FlushOptionsLike, type LogRecordProcessorLike } from '../record/index.ts';

/**
 * Several processors as one, each called in turn: what stands behind a burst that has more than one destination. If one
 * of them fails, the others are called and awaited all the same.
 */
export class SeveralProcessors implements LogRecordProcessorLike {
  readonly #processors: readonly LogRecordProcessorLike[];

  constructor(processors: readonly LogRecordProcessorLike[]) {
    this.#processors = processors;
  }

  onEmit(record: unknown, context?: Parameters<LogRecordProcessorLike['onEmit']>[1]): void {
    let failure: { readonly error: unknown } | undefined;
    for (const processor of this.#processors) {
      try {
        processor.onEmit(record, context);
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }

  /** As the SDK: a logger is off if all its processors say so. */
  enabled(options: unknown): boolean {
    return this.#processors.some((processor) => processor.enabled?.(options) ?? true);
  }

  async forceFlush(options?: FlushOptionsLike): Promise<void> {
    await all(this.#processors.map((processor) => () => processor.forceFlush(options)));
  }

  async shutdown(): Promise<void> {
    await all(this.#processors.map((processor) => () => processor.shutdown()));
  }
}

/** Rejects with the first error when all have ended. */
async function all(calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(calls.map(attempt));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** One processor for several. */
export function asOne(processors: readonly LogRecordProcessorLike[]): LogRecordProcessorLike {
  return processors.length === 1 ? processors[0]! : new SeveralProcessors(processors);
}
