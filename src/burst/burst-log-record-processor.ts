import { type Context, context } from '@opentelemetry/api';
import { deliveryMetrics } from '../export/index.ts';
import type { Target, TriggerCause } from '../holding/index.ts';
import {
  attributesSize,
  CHARACTER_BYTES,
  type Clock,
  type EnabledOptionsLike,
  freeze,
  type LogRecordProcessorLike,
  LogRecordView,
  type ReadableLogRecordLike,
  releaseOf,
  Severity,
  severityOf,
  snapshot,
} from '../record/index.ts';
import type { RecoveryTarget } from './box-recovery.ts';
import { BoxedExporterTarget, BoxedProcessorTarget } from './boxed-targets.ts';
import { BurstComponent } from './burst-component.ts';
import { BurstFrontEnd } from './burst-front-end.ts';
import { ExporterTarget } from './exporter-target.ts';
import { openBlackBox } from './open-black-box.ts';
import type { BurstExporterOptions, BurstProcessorOptions } from './options.ts';
import { ProcessorTarget } from './processor-target.ts';
import { ReentrancyGuard } from './reentrancy-guard.ts';
import { type ResolvedBurstOptions, resolveBurstOptions } from './resolve-options.ts';
import type { Verbosity } from './verbosity.ts';

const NAME = 'BurstLogRecordProcessor';
const SHUTDOWN_TIMEOUT_MILLIS = 30_000;

/**
 * Holds quiet records (DEBUG, TRACE) in memory and exports them only on a trigger: an error, a failed or slow
 * span, or a call to `burst()`. Loud records are always exported.
 *
 * With `{ exporter }` it is a complete pipeline that batches, retries and delivers. With `{ processor }` it
 * wraps another LogRecordProcessor, which must then not be registered separately.
 *
 * - **Full**: held records are evicted first, oldest first; records at `burstLevel` or above are dropped
 *   last. Every loss is counted by cause, see `stats()`.
 * - **Fails**: it never throws into the application, blocks it, or ends it. Losses and errors are reported
 *   through `diag`.
 * - **Stops**: `shutdown()` delivers loud and released records and evicts quiet ones.
 */
export class BurstLogRecordProcessor extends BurstComponent implements LogRecordProcessorLike {
  readonly #options: ResolvedBurstOptions;
  readonly #clock: Clock;
  readonly #front: BurstFrontEnd<ReadableLogRecordLike>;
  readonly #verbosity: Verbosity;
  readonly #maxRecordBytes: number;

  /** @throws RangeError or TypeError if an option is invalid, with option, expected and actual value */
  constructor(given: BurstExporterOptions | BurstProcessorOptions) {
    const { front, options } = frontEndOf(given);
    super(front);
    this.#front = front;
    this.#options = options;
    this.#clock = options.clock;
    this.#maxRecordBytes = options.bounds.maxRecordBytes;
    this.#verbosity = front.verbosity;
    front.attachHooks(this);
  }

  /** Returns false for records below `level`, so that the SDK does not create them. Never throws. */
  enabled(options: EnabledOptionsLike): boolean {
    if (this.#front.isShutdown) return false;
    const severity: unknown = options.severityNumber;
    if (typeof severity !== 'number' || !(severity >= Severity.TRACE)) return true;
    const { selection } = this.#verbosity;
    const scope = options.instrumentationScope?.name;
    return severity >= (selection.only ?? selection.of(scope, options.context ?? context.active())).level;
  }

  /** Passes or holds a record. Never throws, never blocks. */
  onEmit(record: ReadableLogRecordLike, given: Context = context.active()): void {
    try {
      this.#emit(record, given);
    } catch (error) {
      this.#front.dropUnreadable(error);
    }
  }

  #emit(record: ReadableLogRecordLike, given: Context): void {
    const front = this.#front;
    if (front.isShutdown) return;
    // The record was held and released by a BurstLoggerProvider.
    if (releaseOf(given) !== undefined) return this.#send(record, given);
    const severity = severityOf(record);
    const { selection } = this.#verbosity;
    const { level, emitLevel } = selection.only ?? selection.of(record.instrumentationScope.name, given);
    // The SDK emits a record to all processors if enabled() is true for any of them.
    if (severity !== Severity.UNSPECIFIED && severity < level) return;
    const isQuiet = front.isQuiet(severity, emitLevel);
    if (isQuiet && !front.triggers.askQuiet) return this.#hold(record, given);
    if (!isQuiet && front.isReentrant(given)) return front.dropReentrant();
    const cause = front.triggers.causeOf(record, severity, given);
    if (cause === undefined) return isQuiet ? this.#hold(record, given) : this.#send(record, given);
    if (front.isReentrant(given)) return front.dropReentrant();
    this.#trigger(record, severity, cause, given);
  }

  #hold(record: ReadableLogRecordLike, given: Context): void {
    const { core, key } = this.#front;
    const held = key.of(record, given);
    const now = this.#clock.monotonicNow();
    const body = record.body;
    const size = attributesSize(record.attributes);
    if (typeof body === 'string') {
      core.hold(held, record, size + body.length * CHARACTER_BYTES, now);
    } else if (typeof body === 'object' && body !== null) {
      const copy = snapshot(body, this.#maxRecordBytes);
      if (copy === undefined) core.evictOversized(held);
      else core.hold(held, new LogRecordView(record, {}, copy.value), size + copy.bytes, now);
    } else {
      core.hold(held, record, size, now);
    }
  }

  #send(record: ReadableLogRecordLike, given: Context): void {
    const frozen = freeze(record, this.#options.maxLoudBytes);
    this.#front.core.pass(frozen.record, frozen.size, given);
  }

  #trigger(record: ReadableLogRecordLike, severity: number, cause: TriggerCause, given: Context): void {
    const { core, key, triggers } = this.#front;
    const frozen = freeze(record, this.#options.maxLoudBytes);
    const trigger = triggers.triggerOf(frozen.record, severity, cause);
    core.trigger(key.of(record, given), frozen.record, frozen.size, trigger, given);
  }
}

/** Creates the front end of a processor in the exporter form or the processor form. */
function frontEndOf(given: BurstExporterOptions | BurstProcessorOptions) {
  const { target: resolved, ...options } = resolveBurstOptions(given);
  const { burstLevel, clock } = options;
  const guard = new ReentrancyGuard();
  const readable = (record: ReadableLogRecordLike) => record;
  const box = openBlackBox<ReadableLogRecordLike>(NAME, options, {
    readable,
    hasEnded: (key) => front.hasEnded(key),
    holding: () => front.stats().holding,
  });
  const frontEnd = (target: Target<ReadableLogRecordLike> & RecoveryTarget, shutdownTimeoutMillis: number) =>
    new BurstFrontEnd({
      ...{ name: NAME, options, guard, target, readable, recordOf: readable },
      ...{ shutdownTimeoutMillis, box },
    });
  let front: BurstFrontEnd<ReadableLogRecordLike>;
  if ('delivery' in resolved) {
    const { delivery } = resolved;
    const target =
      box === undefined
        ? new ExporterTarget(delivery, burstLevel, guard)
        : new BoxedExporterTarget(delivery, burstLevel, guard, box);
    front = frontEnd(target, delivery.shutdownTimeoutMillis);
    front.report(delivery.componentName, (meterProvider, name) =>
      deliveryMetrics(meterProvider, name, target.delivery, delivery.maxQueueSize),
    );
  } else {
    const { processor } = resolved;
    const target =
      box === undefined
        ? new ProcessorTarget(processor, clock, guard)
        : new BoxedProcessorTarget(processor, clock, guard, box);
    front = frontEnd(target, SHUTDOWN_TIMEOUT_MILLIS);
    front.report(undefined);
  }
  return { front, options };
}
