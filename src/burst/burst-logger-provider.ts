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
/** Each of them may be refused; `configure()` can let in what the options refuse. */
const SEVERITIES: readonly number[] = Object.values(Severity).filter(
  (severity) => severity !== Severity.UNSPECIFIED,
);
/** As the SDK calls a logger without a name. */
const NO_NAME = 'unknown';

/**
 * Stands in front of the SDK's LoggerProvider, and does what `BurstLogRecordProcessor` does before the SDK has
 * made a record: a quiet record that nobody will see costs a quarter of one that the SDK made.
 *
 * Register it in the place of the SDK's provider, which gets the processors that export. They see loud records
 * at once, and of the quiet ones those that are released: with their own time, trace and task, and without the
 * rest of their context (baggage). A processor that must see every record needs `BurstLogRecordProcessor`.
 *
 * - **Full**: held records go first, the oldest first. Every loss is counted by cause: `stats()`.
 * - **Fails**: nothing here throws into the application, blocks it, or ends it. Losses and errors are
 * reported through `diag`.
 * - **Stops**: `shutdown()` hands on what is loud or released, evicts the quiet ones, and ends the SDK's
 * provider.
 */
export class BurstLoggerProvider extends BurstComponent {
  readonly #options: ResolvedBurstOptions;
  readonly #provider: SdkLoggerProviderLike;
  readonly #front: BurstFrontEnd<DeferredRecord>;
  readonly #parts: LoggerParts;
  /** By the logger of the SDK, which is one for each scope. */
  readonly #loggers = new WeakMap<SdkLoggerLike, DeferringLogger>();

  /**
   * @throws RangeError or TypeError when an option is wrong; the message says option, expected and actual
   * value
   */
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
    front.introduce(this);
  }

  /** The logger of a scope: the same for the same name, version and schema, as far as the SDK's is. */
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

  /**
   * Whether the SDK's logger refuses anything. It is asked once: if not, it need not be asked for each record.
   */
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
          'traceBased, or no processor is enabled); those it refuses are not held',
      );
    }
    return true;
  }
}

/** Everything behind a provider. */
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
    // Only live ones are read, see `keyReadsRecord`.
    readable: (record) => record as LiveRecord,
    recordOf: (record, cameAt) => new DeferredView(resource).of(record, cameAt),
    shutdownTimeoutMillis: SHUTDOWN_TIMEOUT_MILLIS,
    box,
  });
  return { front, records, options };
}

/** A context as records may be written in; undefined: in no trace. */
function contextWith(traceFlags: number | undefined) {
  const span = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
  return traceFlags === undefined
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, { ...span, traceFlags });
}

/** What the SDK's provider keeps to itself: the resource that it writes on its records. */
interface SharedState {
  readonly _sharedState?: { readonly resource?: { readonly attributes: object } };
}

/** The SDK does not say which resource its provider has; where it is not found, the name of the service stands for it. */
function resourceOf(provider: object, service: string | undefined): { readonly attributes: object } {
  const found = (provider as SharedState)._sharedState?.resource;
  return found ?? { attributes: service === undefined ? {} : { 'service.name': service } };
}
