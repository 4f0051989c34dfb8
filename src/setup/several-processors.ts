import { attempt, type FlushOptionsLike, type LogRecordProcessorLike } from '../record/index.ts';

/**
 * Combines several processors, which are called in order: the destinations behind a burst that has more than
 * one. If one of them fails, the others are still called and awaited.
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

  /** Like the SDK: a logger is disabled only if all processors return false. */
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

/** Rejects with the first error after all calls have ended. */
async function all(calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const results = await Promise.allSettled(calls.map(attempt));
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** Combines processors into one. */
export function asOne(processors: readonly LogRecordProcessorLike[]): LogRecordProcessorLike {
  return processors.length === 1 ? processors[0]! : new SeveralProcessors(processors);
}
