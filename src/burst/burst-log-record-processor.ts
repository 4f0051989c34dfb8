import { randomUUID } from 'node:crypto';
import { type Context, context } from '@opentelemetry/api';
import { deliveryMetrics, isExporting } from '../export/index.ts';
import {
  attributesSize,
  CHARACTER_BYTES,
  type ComponentMetrics,
  type EnabledOptionsLike,
  errorText,
  type FlushOptionsLike,
  freeze,
  type LogRecordProcessorLike,
  LogRecordView,
  RateLimitedWarnings,
  type ReadableLogRecordLike,
  Severity,
  type SpanLike,
  type SpanProcessorLike,
  severityOf,
  snapshot,
} from '../record/index.ts';
import { shown } from '../settings/index.ts';
import type { Trigger, TriggerCause } from './burst.ts';
import { BurstCore } from './burst-core.ts';
import { burstMetrics } from './burst-metrics.ts';
import {
  BurstSpanProcessor,
  type BurstSpanProcessorOptions,
  resolveSpanOptions,
} from './burst-span-processor.ts';
import { ExporterTarget } from './exporter-target.ts';
import type { BurstCallOptions, BurstExporterOptions, BurstProcessorOptions } from './options.ts';
import { type Keys, SHARED_KEY } from './order.ts';
import { ProcessorTarget } from './processor-target.ts';
import { type RecordKey, recordKey } from './record-key.ts';
import { ReentrancyGuard } from './reentrancy-guard.ts';
import { type ResolvedBurstOptions, resolveBurstOptions, resolveCall } from './resolve-options.ts';
import type { BurstStats } from './stats.ts';
import { TraceTable } from './trace-table.ts';
import { TriggerRules } from './trigger-rules.ts';

const SHUTDOWN_TIMEOUT_MILLIS = 30_000;

/** `randomUUID()` returns a chain of 20 strings, of 500 bytes. Many ids are remembered: one string, of 50. */
function newBurstId(): string {
  return Buffer.from(randomUUID(), 'latin1').toString('latin1');
}

/**
 * Keeps quiet records (DEBUG, TRACE) in memory and exports them only when something goes wrong: an error, a
 * failed or slow span, a call of `burst()`. Loud records always leave.
 *
 * `{ exporter }` is a whole pipeline: it batches, retries and delivers by itself. `{ processor }` wraps
 * another LogRecordProcessor, which then must not be registered a second time.
 *
 * - **Full**: held records go first, the oldest first; a record at `burstLevel` or above is the last to go.
 *   Every loss is counted by cause: `stats()`.
 * - **Fails**: nothing here throws into the application, blocks it, or ends it. Losses and errors are
 * reported through `diag`.
 * - **Stops**: `shutdown()` hands on what is loud or released and evicts the quiet ones.
 */
export class BurstLogRecordProcessor implements LogRecordProcessorLike {
  readonly #options: ResolvedBurstOptions;
  readonly #core: BurstCore<ReadableLogRecordLike>;
  /** Made when a span processor is asked for. */
  #traces: TraceTable | undefined;
  readonly #guard = new ReentrancyGuard();
  readonly #warnings: RateLimitedWarnings;
  readonly #key: RecordKey;
  readonly #emitLevel: number;
  readonly #triggers: TriggerRules;
  /** Set when one level is for all loggers. */
  readonly #level: number | undefined;
  readonly #maxRecordBytes: number;
  readonly #shutdownTimeoutMillis: number;
  readonly #metrics: ComponentMetrics[] = [];
  #shutdown: Promise<void> | undefined;

  /**
   * @throws RangeError or TypeError when an option is wrong; the message says option, expected and actual
   * value
   */
  constructor(given: BurstExporterOptions | BurstProcessorOptions) {
    const options = resolveBurstOptions(given);
    this.#options = options;
    this.#warnings = new RateLimitedWarnings('BurstLogRecordProcessor', options.clock);
    this.#key = recordKey(options.scope, this.#guard, this.#warnings);
    this.#emitLevel = options.emitLevel;
    this.#triggers = new TriggerRules(options, this.#guard, this.#warnings);
    this.#level = options.levels.only;
    this.#maxRecordBytes = options.bounds.maxRecordBytes;
    const core = {
      ...options,
      newBurstId,
      isOpen: (key: string) => this.#traces?.has(key) === true,
    };
    const { meterProvider } = options;
    if ('delivery' in options.target) {
      const { delivery } = options.target;
      const target = new ExporterTarget(delivery, options.burstLevel, this.#guard);
      this.#core = new BurstCore(target, core);
      this.#shutdownTimeoutMillis = delivery.shutdownTimeoutMillis;
      if (meterProvider !== undefined) {
        const own = burstMetrics(meterProvider, delivery.componentName, () => this.stats());
        this.#metrics.push(
          own,
          deliveryMetrics(meterProvider, own.name, target.delivery, delivery.maxQueueSize),
        );
      }
    } else {
      const target = new ProcessorTarget(options.target.processor, options.clock, this.#guard);
      this.#core = new BurstCore(target, core);
      this.#shutdownTimeoutMillis = SHUTDOWN_TIMEOUT_MILLIS;
      if (meterProvider !== undefined) {
        this.#metrics.push(burstMetrics(meterProvider, undefined, () => this.stats()));
      }
    }
  }

  /** False for records below `level`: the SDK then does not even make them. Never throws. */
  enabled(options: EnabledOptionsLike): boolean {
    if (this.#shutdown !== undefined) return false;
    const severity: unknown = options.severityNumber;
    if (typeof severity !== 'number' || !(severity >= Severity.TRACE)) return true;
    return severity >= (this.#level ?? this.#options.levels.of(options.instrumentationScope?.name));
  }

  /** Takes a record: passes it on, or holds it. Never throws, never blocks. */
  onEmit(record: ReadableLogRecordLike, given: Context = context.active()): void {
    try {
      this.#emit(record, given);
    } catch (error) {
      this.#core.counters.live += 1;
      this.#core.counters.unreadable += 1;
      this.#warnings.warn('unreadable', `1 record was lost: reading it threw ${errorText(error)}`);
    }
  }

  /**
   * Releases what is held, although nothing went wrong. Not limited.
   * @param options `keys`: `'active'` (default), the key of the active context; `'all'`; or an array of keys.
   * `reason`: a text for the manifest
   * @returns the id of the burst and how many records it released; undefined if there were none
   */
  burst(
    options: BurstCallOptions & { readonly reason?: string | undefined } = {},
  ): { id: string; released: number } | undefined {
    const { keys, reason } = resolveCall('burst', options, ['keys', 'reason']);
    const trigger = {
      cause: 'manual' as const,
      fingerprint: undefined,
      ...(reason === undefined ? {} : { reason }),
    };
    const burst = this.#core.burst(this.#keysOf(keys), trigger);
    return burst && { id: burst.id, released: burst.released };
  }

  /**
   * Discards what is held, since all went well. For the end of a job or of a Lambda invocation.
   * @returns how many records were discarded
   */
  discard(options: BurstCallOptions = {}): number {
    return this.#core.discard(this.#keysOf(resolveCall('discard', options, ['keys']).keys));
  }

  /** What became of the records. */
  stats(): BurstStats {
    return this.#core.stats(this.#traces?.openCount ?? 0);
  }

  /**
   * A span processor for the TracerProvider. With it, traces settle when their last span ends, and a failed
   * or slow span is a trigger. If there are several TracerProviders, give all of them the same one.
   * @throws TypeError when an option is wrong, when it was called before, or when `scope` is a function or
   * 'task': then nothing says which key a span belongs to
   */
  spanProcessor(given: BurstSpanProcessorOptions = {}): SpanProcessorLike {
    const options = resolveSpanOptions(given);
    const { scope } = this.#options;
    if (scope !== 'trace' && scope !== 'global') {
      throw new TypeError(`spanProcessor() needs scope "trace" or "global", got ${shown(scope)}`);
    }
    if (this.#traces !== undefined) {
      throw new TypeError('spanProcessor() was called before; register that one with every TracerProvider');
    }
    const core = this.#core;
    const byTrace = scope === 'trace';
    const table = new TraceTable(
      this.#options.clock,
      options.lingerMillis,
      (traceId, now) => core.settle(traceId, now),
      (traceId) => core.reopen(traceId),
    );
    this.#traces = table;
    const listener = {
      spanStarted: (traceId: string) => table.spanStarted(traceId),
      spanEnded: (traceId: string) => table.spanEnded(traceId),
      spanTriggered: (traceId: string, trigger: Trigger) => {
        if (this.#shutdown === undefined) core.burst([byTrace ? traceId : SHARED_KEY], trigger);
      },
    };
    const { errors } = options;
    const isError =
      typeof errors !== 'function' ? errors : (span: SpanLike) => this.#guard.call(() => errors(span));
    return new BurstSpanProcessor(listener, { ...options, errors: isError }, this.#options.clock);
  }

  /**
   * Resolves when what is loud or released has been delivered, or has failed and was counted, at the latest
   * after `timeoutMillis` (default `flushTimeoutMillis`): what is not delivered by then is still pending, see
   * `stats()`. Keeps the process alive meanwhile; never rejects. Quiet records stay held. In chronological
   * order the loud ones that wait leave first.
   */
  async forceFlush(options?: FlushOptionsLike): Promise<void> {
    const { inTime, millis } = await this.#core.forceFlush(options, this.#shutdown);
    if (inTime) return;
    const { pending } = this.stats();
    this.#warnings.warn(
      'flush',
      `forceFlush() ended after ${millis} ms; ${pending} records are still pending`,
    );
  }

  /**
   * Hands on what is loud or released, evicts the quiet ones, and ends the exporter or the wrapped processor,
   * within `delivery.shutdownTimeoutMillis` (30 s). May be called twice; never rejects.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#end();
    return this.#shutdown;
  }

  async #end(): Promise<void> {
    await this.#core.shutdown(this.#shutdownTimeoutMillis);
    this.#traces?.shutdown();
    for (const metrics of this.#metrics) metrics.end();
  }

  #keysOf(keys: 'active' | Keys): Keys {
    return keys === 'active' ? [this.#key.ofContext(context.active())] : keys;
  }

  #emit(record: ReadableLogRecordLike, given: Context): void {
    if (this.#shutdown !== undefined) return;
    const severity = severityOf(record);
    if (severity !== Severity.UNSPECIFIED) {
      // The SDK asks enabled() of all processors together: another one may have wanted this record.
      if (severity < (this.#level ?? this.#options.levels.of(record.instrumentationScope.name))) return;
      if (severity < this.#emitLevel && !this.#guard.isInside) {
        const cause = this.#triggers.askQuiet ? this.#triggers.causeOf(record, severity, given) : undefined;
        if (cause === undefined) return this.#hold(record, given);
        if (isExporting(given)) return this.#refuseReentrant();
        return this.#trigger(record, severity, cause, given);
      }
    }
    if (this.#guard.isInside || isExporting(given)) return this.#refuseReentrant();
    const cause = this.#triggers.causeOf(record, severity, given);
    if (cause !== undefined) this.#trigger(record, severity, cause, given);
    else this.#send(record, given);
  }

  #hold(record: ReadableLogRecordLike, given: Context): void {
    const key = this.#key.of(record, given);
    const body = record.body;
    const size = attributesSize(record.attributes);
    if (typeof body === 'string') {
      this.#core.hold(key, record, size + body.length * CHARACTER_BYTES);
    } else if (typeof body === 'object' && body !== null) {
      const copy = snapshot(body, this.#maxRecordBytes);
      if (copy === undefined) this.#core.evictOversized(key);
      else this.#core.hold(key, new LogRecordView(record, {}, copy.value), size + copy.bytes);
    } else {
      this.#core.hold(key, record, size);
    }
  }

  #send(record: ReadableLogRecordLike, given: Context): void {
    const frozen = freeze(record, this.#options.maxLoudBytes);
    this.#core.pass(frozen.record, frozen.size, given);
  }

  #trigger(record: ReadableLogRecordLike, severity: number, cause: TriggerCause, given: Context): void {
    const frozen = freeze(record, this.#options.maxLoudBytes);
    const trigger = this.#triggers.triggerOf(frozen.record, severity, cause);
    this.#core.trigger(this.#key.of(record, given), frozen.record, frozen.size, trigger, given);
  }

  #refuseReentrant(): void {
    this.#core.counters.live += 1;
    this.#core.counters.reentrant += 1;
    this.#warnings.warn(
      'reentrant',
      '1 record was lost: it was emitted from inside a callback, the wrapped processor or the exporter',
    );
  }
}
