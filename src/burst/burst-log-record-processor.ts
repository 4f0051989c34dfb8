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
export class BurstLogRecordProcessor extends BurstComponent implements LogRecordProcessorLike {
  readonly #options: ResolvedBurstOptions;
  readonly #clock: Clock;
  readonly #front: BurstFrontEnd<ReadableLogRecordLike>;
  readonly #verbosity: Verbosity;
  readonly #maxRecordBytes: number;

  /**
   * @throws RangeError or TypeError when an option is wrong; the message says option, expected and actual
   * value
   */
  constructor(given: BurstExporterOptions | BurstProcessorOptions) {
    const { front, options } = frontEndOf(given);
    super(front);
    this.#front = front;
    this.#options = options;
    this.#clock = options.clock;
    this.#maxRecordBytes = options.bounds.maxRecordBytes;
    this.#verbosity = front.verbosity;
    front.introduce(this);
  }

  /** False for records below `level`: the SDK then does not even make them. Never throws. */
  enabled(options: EnabledOptionsLike): boolean {
    if (this.#front.isShutdown) return false;
    const severity: unknown = options.severityNumber;
    if (typeof severity !== 'number' || !(severity >= Severity.TRACE)) return true;
    const { selection } = this.#verbosity;
    const scope = options.instrumentationScope?.name;
    return severity >= (selection.only ?? selection.of(scope, options.context ?? context.active())).level;
  }

  /** Takes a record: passes it on, or holds it. Never throws, never blocks. */
  onEmit(record: ReadableLogRecordLike, given: Context = context.active()): void {
    try {
      this.#emit(record, given);
    } catch (error) {
      this.#front.loseUnreadable(error);
    }
  }

  #emit(record: ReadableLogRecordLike, given: Context): void {
    const front = this.#front;
    if (front.isShutdown) return;
    // A BurstLoggerProvider in front has held it already.
    if (releaseOf(given) !== undefined) return this.#send(record, given);
    const severity = severityOf(record);
    const { selection } = this.#verbosity;
    const { level, emitLevel } = selection.only ?? selection.of(record.instrumentationScope.name, given);
    // The SDK asks enabled() of all processors together: another one may have wanted this record.
    if (severity !== Severity.UNSPECIFIED && severity < level) return;
    const isQuiet = front.isQuiet(severity, emitLevel);
    if (isQuiet && !front.triggers.askQuiet) return this.#hold(record, given);
    if (!isQuiet && front.isReentrant(given)) return front.refuseReentrant();
    const cause = front.triggers.causeOf(record, severity, given);
    if (cause === undefined) return isQuiet ? this.#hold(record, given) : this.#send(record, given);
    if (front.isReentrant(given)) return front.refuseReentrant();
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

/** Everything behind a processor, by the form that its options have. */
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
