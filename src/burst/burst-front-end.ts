import { type Context, context } from '@opentelemetry/api';
import { ENDING, type Ending, endingText, isFailure } from '../box/index.ts';
import { isExporting } from '../export/index.ts';
import {
  BurstCore,
  type BurstStats,
  type Keys,
  SHARED_KEY,
  type Target,
  type Trigger,
} from '../holding/index.ts';
import {
  type ComponentMetrics,
  errorText,
  type FlushOptionsLike,
  type MeterProviderLike,
  RateLimitedWarnings,
  type ReadableLogRecordLike,
  Severity,
  type SpanLike,
  type SpanProcessorLike,
  UNDELIVERED,
  watcher,
} from '../record/index.ts';
import { resolve, shown } from '../settings/index.ts';
import type { BlackBox } from './black-box.ts';
import { type RecoveryTarget, recoverInBackground } from './box-recovery.ts';
import type { BurstControls } from './burst-controls.ts';
import { burstCallOptions, discardOptions, spanOptions } from './burst-fields.ts';
import { burstMetrics } from './burst-metrics.ts';
import { withBurst } from './burst-records.ts';
import { BurstSpanProcessor, type BurstSpanProcessorOptions } from './burst-span-processor.ts';
import type { BurstCallOptions } from './options.ts';
import { type Keyed, type RecordKey, recordKey } from './record-key.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';
import type { ResolvedBurstOptions } from './resolve-options.ts';
import { TraceTable } from './trace-table.ts';
import { TriggerRules } from './trigger-rules.ts';
import { Verbosity } from './verbosity.ts';
import type { VerbosityRule } from './verbosity-rule.ts';

/**
 * `randomUUID()` returns a rope of 20 strings (500 bytes). Many ids are kept, so it is flattened (50 bytes).
 */
function newBurstId(): string {
  return Buffer.from(crypto.randomUUID(), 'latin1').toString('latin1');
}

/** The dependencies of a {@link BurstFrontEnd}. */
export interface FrontEndParts<T> {
  readonly name: 'BurstLogRecordProcessor' | 'BurstLoggerProvider';
  readonly options: ResolvedBurstOptions;
  readonly guard: ReentrancyGuard;
  readonly target: Target<T> & RecoveryTarget;
  /** Returns an item as a record, for functions passed as options. */
  readonly readable: (item: T) => ReadableLogRecordLike;
  /** Returns an item as the record that the SDK made, or would make. */
  readonly recordOf: (item: T, cameAt: number) => ReadableLogRecordLike;
  readonly shutdownTimeoutMillis: number;
  /** Observes held items. */
  readonly box: BlackBox<T> | undefined;
}

/**
 * The common part of the processor and the provider. It owns the core, the trigger rules, the trace table,
 * the black box and the metrics, and implements the public methods. The type of items, and how they arrive,
 * is defined by the processor and the provider.
 */
export class BurstFrontEnd<T extends Keyed> implements BurstControls {
  readonly core: BurstCore<T>;
  readonly key: RecordKey<T>;
  readonly triggers: TriggerRules;
  readonly verbosity: Verbosity;
  readonly warnings: RateLimitedWarnings;
  readonly #name: string;
  readonly #guard: ReentrancyGuard;
  readonly #options: ResolvedBurstOptions;
  readonly #shutdownTimeoutMillis: number;
  readonly #metrics: ComponentMetrics[] = [];
  /** Created by `spanProcessor()`. */
  #traces: TraceTable | undefined;
  readonly #box: BlackBox<T> | undefined;
  readonly #undelivered: () => readonly ReadableLogRecordLike[];
  #shutdown: Promise<void> | undefined;

  constructor(parts: FrontEndParts<T>) {
    const { name, options, guard, target, readable, shutdownTimeoutMillis, box } = parts;
    this.#name = name;
    this.#box = box;
    this.#options = options;
    this.#guard = guard;
    this.#shutdownTimeoutMillis = shutdownTimeoutMillis;
    this.warnings = new RateLimitedWarnings(name, options.clock);
    this.key = recordKey(options.scope, readable, guard, this.warnings);
    this.triggers = new TriggerRules(options, guard, this.warnings);
    this.verbosity = new Verbosity(options);
    const isOpen = (key: string) => this.#traces?.has(key) === true;
    this.#undelivered = () => this.#takeUndelivered(parts);
    this.core = new BurstCore(target, { ...options, newBurstId, isOpen, observer: box });
    this.#recover(name, target);
  }

  /** Exports the records in black boxes of dead processes of this service. */
  #recover(name: string, target: RecoveryTarget): void {
    const { blackBox } = this.#options;
    const { counters } = this.core;
    if (blackBox === undefined) return;
    const count = () => {
      counters.live += 1;
    };
    recoverInBackground(name, blackBox, target, count, () => this.isShutdown);
  }

  /** Whether the last span of a trace has ended and the trace has not settled yet. */
  hasEnded(traceId: string): boolean {
    return this.#traces?.hasEnded(traceId) === true;
  }

  get isShutdown(): boolean {
    return this.#shutdown !== undefined;
  }

  /** Registers the metrics of `stats()`, and those of `more`, until shutdown. */
  report(
    componentName: string | undefined,
    more?: (meterProvider: MeterProviderLike, componentName: string) => ComponentMetrics,
  ): void {
    const { meterProvider } = this.#options;
    if (meterProvider === undefined) return;
    const own = burstMetrics(meterProvider, componentName, () => this.stats());
    this.#metrics.push(own);
    if (more !== undefined) this.#metrics.push(more(meterProvider, own.name));
  }

  /** Whether a record of this severity is held, unless it is a trigger. */
  isQuiet(severity: number, emitLevel: number): boolean {
    return severity !== Severity.UNSPECIFIED && severity < emitLevel && !this.#guard.isInside;
  }

  /** Whether a record was emitted from inside a callback of this front end, or from inside an export. */
  isReentrant(given: Context): boolean {
    return this.#guard.isInside || isExporting(given);
  }

  dropReentrant(): void {
    this.core.counters.live += 1;
    this.core.counters.reentrant += 1;
    this.warnings.warn(
      'reentrant',
      '1 record was lost: it was emitted from inside a callback, the wrapped processor or the exporter',
    );
  }

  dropUnreadable(error: unknown): void {
    this.core.counters.live += 1;
    this.core.counters.unreadable += 1;
    this.warnings.warn('unreadable', `1 record was lost: reading it threw ${errorText(error)}`);
  }

  burst(
    options: BurstCallOptions & { readonly reason?: string | undefined } = {},
  ): { id: string; released: number } | undefined {
    const { keys, reason } = resolve(burstCallOptions, 'burst', options);
    const trigger = {
      cause: 'manual' as const,
      fingerprint: undefined,
      ...(reason === undefined ? {} : { reason }),
    };
    const burst = this.core.burst(this.#keysOf(keys), trigger);
    return burst && { id: burst.id, released: burst.released };
  }

  discard(options?: BurstCallOptions): number {
    // The call without options is frequent (at the end of each job), and has nothing to check.
    const keys = options === undefined ? 'active' : resolve(discardOptions, 'discard', options).keys;
    return this.core.discard(this.#keysOf(keys));
  }

  configure(rules: VerbosityRule | readonly VerbosityRule[]): () => void {
    return this.verbosity.configure(rules);
  }

  stats(): BurstStats {
    return this.core.stats(this.#traces?.openCount ?? 0);
  }

  spanProcessor(given: BurstSpanProcessorOptions = {}): SpanProcessorLike {
    const options = resolve(spanOptions, 'spanProcessor', given);
    const { scope, clock } = this.#options;
    if (scope !== 'trace' && scope !== 'global') {
      throw new TypeError(`spanProcessor() requires scope "trace" or "global", got ${shown(scope)}`);
    }
    if (this.#traces !== undefined) {
      throw new TypeError(
        'spanProcessor() was already called; register its result with every TracerProvider',
      );
    }
    const { core } = this;
    const byTrace = scope === 'trace';
    const table = new TraceTable(
      clock,
      options.lingerMillis,
      (traceId, now) => core.settle(traceId, now),
      (traceId) => core.reopen(traceId),
      this.#box,
    );
    this.#traces = table;
    const listener = {
      spanStarted: (traceId: string) => table.spanStarted(traceId),
      spanEnded: (traceId: string) => table.spanEnded(traceId),
      spanTriggered: (traceId: string, trigger: Trigger) => {
        if (!this.isShutdown) core.burst([byTrace ? traceId : SHARED_KEY], trigger);
      },
    };
    const { errors } = options;
    const isError =
      typeof errors !== 'function' ? errors : (span: SpanLike) => this.#guard.call(() => errors(span));
    return new BurstSpanProcessor(listener, { ...options, errors: isError }, clock);
  }

  async forceFlush(options?: FlushOptionsLike): Promise<void> {
    const { inTime, millis } = await this.core.forceFlush(options, this.#shutdown);
    if (inTime) return;
    const { pending } = this.stats();
    this.warnings.warn(
      'flush',
      `forceFlush() ended after ${millis} ms; ${pending} records are still pending`,
    );
  }

  shutdown(): Promise<void> {
    this.#shutdown ??= this.#end();
    return this.#shutdown;
  }

  /**
   * Attaches the hooks of `installShutdownHooks()` and `distlog doctor` to the public object. They are symbol
   * properties, not methods, because applications must not call them.
   */
  attachHooks(owner: object): void {
    Object.defineProperty(owner, ENDING, { value: (ending: Ending) => this.#announceEnding(ending) });
    const { levels, emitLevel, burstLevel, scope } = this.#options;
    watcher()?.burst(owner, {
      ...{ name: this.#name, level: levels.of(''), emitLevel, burstLevel },
      scope: typeof scope === 'function' ? 'a function' : scope,
      stats: () => this.stats(),
    });
    Object.defineProperty(owner, UNDELIVERED, { value: this.#undelivered });
  }

  /**
   * Called when the process is ending. On a failure, held records are released, except those of ended traces.
   */
  #announceEnding(ending: Ending): void {
    if (this.isShutdown) return;
    this.#box?.lastWords(ending);
    if (!isFailure(ending)) return;
    this.#traces?.settleLingering();
    this.core.burst('all', { cause: 'crash', reason: endingText(ending), fingerprint: undefined });
  }

  /** Held records are included only without a working black box, from which they are recovered otherwise. */
  #takeUndelivered({ target, recordOf, box }: FrontEndParts<T>): readonly ReadableLogRecordLike[] {
    const records = [...target.undelivered()];
    if (box === undefined || box.hasFailed) {
      this.core.takeUnsent((item, added, cameAt) => records.push(withBurst(recordOf(item, cameAt), added)));
    }
    return records;
  }

  async #end(): Promise<void> {
    watcher()?.ending();
    this.verbosity.end();
    await this.core.shutdown(this.#shutdownTimeoutMillis);
    this.#traces?.shutdown();
    this.#box?.close(this.core.counters.dropped.shutdown === 0);
    for (const metrics of this.#metrics) metrics.end();
    watcher()?.ended();
  }

  #keysOf(keys: 'active' | Keys): Keys {
    return keys === 'active' ? [this.key.ofContext(context.active())] : keys;
  }
}
