import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { RateLimitedWarnings, Severity } from '../record/index.ts';
import { AttributeKeys } from './attribute-keys.ts';
import { BoxedProviderTarget } from './boxed-targets.ts';
import { BurstComponent } from './burst-component.ts';
import { BurstFrontEnd } from './burst-front-end.ts';
import type { DeferredRecord, LiveRecord, SdkLoggerLike } from './deferred-record.ts';
import { DeferredView } from './deferred-view.ts';
import { DeferringLogger, type LoggerParts } from './deferring-logger.ts';
import { HeldRecords } from './held-record.ts';
import { OneReadClock } from './one-read-clock.ts';
import { openBlackBox } from './open-black-box.ts';
import type { BurstLoggerProviderOptions, DeferredLogger, SdkLoggerProviderLike } from './options.ts';
import { ProviderTarget } from './provider-target.ts';
import { ReentrancyGuard } from './reentrancy-guard.ts';
import { type ResolvedBurstOptions, resolveProviderOptions } from './resolve-options.ts';

const SHUTDOWN_TIMEOUT_MILLIS = 30_000;
const NAME = 'BurstLoggerProvider';
/** All severities are probed, because `configure()` can enable levels that the options refuse. */
const SEVERITIES: readonly number[] = Object.values(Severity).filter(
  (severity) => severity !== Severity.UNSPECIFIED,
);
/** The SDK's name of a logger without a name. */
const NO_NAME = 'unknown';

/**
 * Wraps the SDK's LoggerProvider and holds quiet records like `BurstLogRecordProcessor`, but before the SDK
 * creates them. A quiet record that is never exported costs a quarter of an SDK record.
 *
 * Register it instead of the SDK's provider, and add the exporting processors to the SDK's provider. They
 * receive loud records at once, and quiet records when they are released, with their original time, trace and
 * task but without the rest of their context (baggage). If a processor must see every record, use
 * `BurstLogRecordProcessor` instead.
 *
 * - **Full**: held records are evicted, oldest first. Every loss is counted by cause, see `stats()`.
 * - **Fails**: it never throws into the application, blocks it, or ends it. Losses and errors are reported
 *   through `diag`.
 * - **Stops**: `shutdown()` delivers loud and released records, evicts quiet ones, and shuts down the SDK's
 *   provider.
 */
export class BurstLoggerProvider extends BurstComponent {
  readonly #options: ResolvedBurstOptions;
  readonly #provider: SdkLoggerProviderLike;
  readonly #front: BurstFrontEnd<DeferredRecord>;
  readonly #parts: LoggerParts;
  /** The loggers by the SDK's logger, of which there is one per scope. */
  readonly #loggers = new WeakMap<SdkLoggerLike, DeferringLogger>();

  /** @throws RangeError or TypeError if an option is invalid, with option, expected and actual value */
  constructor(given: BurstLoggerProviderOptions) {
    const { front, records, options } = frontEndOf(given);
    super(front);
    this.#provider = given.provider;
    this.#front = front;
    this.#options = options;
    const { clock, scope, order, bounds, maxLoudBytes } = options;
    this.#parts = {
      front,
      clock: new OneReadClock(clock),
      records,
      noKeys: new AttributeKeys(),
      maxRecordBytes: bounds.maxRecordBytes,
      maxLoudBytes,
      keyReadsRecord: typeof scope === 'function',
      holdsLoud: order === 'chronological',
    };
    front.report(undefined);
    front.attachHooks(this);
  }

  /** Returns the logger of a scope. It is the same object whenever the SDK returns the same logger. */
  getLogger(
    name: string,
    version?: string,
    // biome-ignore lint/suspicious/noExplicitAny: the lines differ in the options.
    options?: any,
  ): DeferredLogger {
    const sdk = this.#provider.getLogger(name, version, options);
    const known = this.#loggers.get(sdk);
    if (known !== undefined) return known;
    const schemaUrl: string | undefined = options?.schemaUrl;
    const scope = {
      name: name || NO_NAME,
      ...(version === undefined ? {} : { version }),
      ...(schemaUrl === undefined ? {} : { schemaUrl }),
    };
    const logger = new DeferringLogger(this.#parts, sdk, scope, this.#refusesSome(sdk, scope.name));
    this.#loggers.set(sdk, logger);
    return logger;
  }

  /** Whether the SDK's logger refuses any record. If not, `enabled()` is not called for each record. */
  #refusesSome(sdk: SdkLoggerLike, name: string): boolean {
    if (sdk.enabled === undefined || this.#front.isShutdown) return false;
    const contexts = [undefined, TraceFlags.SAMPLED, TraceFlags.NONE].map(contextWith);
    const refuses = (severityNumber: number) =>
      contexts.some((context) => sdk.enabled?.({ severityNumber, context }) === false);
    let refused: readonly number[];
    try {
      refused = SEVERITIES.filter(refuses);
    } catch {
      return true;
    }
    if (refused.length === 0) return false;
    const { levels, emitLevel } = this.#options;
    if (refused.some((severity) => severity >= levels.of(name) && severity < emitLevel)) {
      this.#front.warnings.warn(
        'refuses',
        `the wrapped provider refuses quiet records of the logger ${JSON.stringify(name)} (minimumSeverity, ` +
          'traceBased, or no processor is enabled); refused records are not held',
      );
    }
    return true;
  }
}

/** Creates the front end of a provider. */
function frontEndOf(given: BurstLoggerProviderOptions) {
  const { provider, ...options } = resolveProviderOptions(given);
  const { clock } = options;
  const guard = new ReentrancyGuard();
  const warnings = new RateLimitedWarnings(NAME, clock);
  const resource = resourceOf(provider, options.blackBox?.service);
  const records = new HeldRecords();
  const view = new DeferredView(resource);
  const box = openBlackBox<DeferredRecord>(NAME, options, {
    readable: (record, cameAt) => view.of(record, cameAt),
    hasEnded: (key) => front.hasEnded(key),
    holding: () => front.stats().holding,
  });
  const target =
    box === undefined
      ? new ProviderTarget(provider, clock, records, guard, warnings)
      : new BoxedProviderTarget(provider, clock, records, guard, warnings, box);
  const front: BurstFrontEnd<DeferredRecord> = new BurstFrontEnd({
    name: NAME,
    options,
    guard,
    target,
    // Called for live records only, see `keyReadsRecord`.
    readable: (record) => record as LiveRecord,
    recordOf: (record, cameAt) => new DeferredView(resource).of(record, cameAt),
    shutdownTimeoutMillis: SHUTDOWN_TIMEOUT_MILLIS,
    box,
  });
  return { front, records, options };
}

/** Returns a context with a span of these flags; without a span if `traceFlags` is undefined. */
function contextWith(traceFlags: number | undefined) {
  const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  return traceFlags === undefined
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, { ...span, traceFlags });
}

/** The private state of the SDK's provider, which contains its resource. */
interface SharedState {
  readonly _sharedState?: { readonly resource?: { readonly attributes: object } };
}

/**
 * Returns the provider's resource, which the SDK does not expose. If it is not found, uses the service name.
 */
function resourceOf(provider: object, service: string | undefined): { readonly attributes: object } {
  const found = (provider as SharedState)._sharedState?.resource;
  return found ?? { attributes: service === undefined ? {} : { 'service.name': service } };
}
