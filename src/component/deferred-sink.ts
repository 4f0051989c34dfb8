import type { JournalEntry, Sink } from './contract.ts';

const MAX_COUNTERS = 64;

/**
 * A plugin's sink. It is created when it is opened, so that a failure is an error of this sink, and is
 * retried. Its counters are limited to valid names, numbers, and a maximum count.
 */
export class DeferredSink implements Sink {
  readonly #make: () => Sink;
  #sink: Sink | undefined;

  constructor(make: () => Sink) {
    this.#make = make;
  }

  async open(state: unknown): Promise<void> {
    this.#sink ??= this.#made();
    await this.#sink.open(state);
  }

  async prepare(signal: AbortSignal): Promise<unknown> {
    return await this.#opened().prepare?.(signal);
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<unknown> {
    return await this.#opened().write(entries, signal);
  }

  async close(): Promise<void> {
    await this.#sink?.close();
  }

  counters(): Readonly<Record<string, number>> {
    return numbersOf(this.#sink?.counters?.());
  }

  dropped(): Readonly<Record<string, number>> {
    return numbersOf(this.#sink?.dropped?.());
  }

  #opened(): Sink {
    if (this.#sink === undefined) throw new Error('the sink is not open');
    return this.#sink;
  }

  #made(): Sink {
    const sink: unknown = this.#make();
    const missing = ['open', 'write', 'close'].filter(
      (name) => typeof (sink as Record<string, unknown> | null)?.[name] !== 'function',
    );
    if (missing.length > 0) throw new TypeError(`make() returned a sink without ${missing.join(', ')}`);
    return sink as Sink;
  }
}

function numbersOf(given: unknown): Readonly<Record<string, number>> {
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name, value]) => /^[a-z][a-z0-9_]{0,63}$/.test(name) && Number.isFinite(value))
      .slice(0, MAX_COUNTERS),
  );
}
