import { armImmediate, type BurstFacts, type Watcher, watchWith } from '../record/index.ts';
import type { BurstEvidence, Evidence, ProviderEvidence, StatsEvidence } from './evidence.ts';
import { copiesIn, loadedFiles, loggersIn } from './loaded-packages.ts';
import { RegisteredProvider } from './registered-provider.ts';

/** The number of warnings that are kept, the first ones. */
const MAX_WARNINGS = 50;
/**
 * The registrations of `@opentelemetry/api`. Read directly, because an older copy does not see a newer one.
 */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/** The key of the setup of `start()`. */
const STARTED_KEY = Symbol.for('burstlog.setup');

interface Global {
  readonly [API_KEY]?: RegisteredApi;
  readonly [STARTED_KEY]?: unknown;
}

interface RegisteredApi {
  readonly context?: unknown;
  readonly trace?: unknown;
}

/** Variables that configure the destination of records; secrets are excluded. */
const SHOWN = /^(?:BURSTLOG_|OTEL_)(?!.*(?:HEADERS|CERTIFICATE|KEY))/;

/** The registrations with OpenTelemetry, and the position of each burst in them. */
interface Registered
  extends Pick<Evidence, 'provider' | 'isStarted' | 'hasContextManager' | 'hasTracerProvider'> {
  readonly places: ReadonlyMap<object, BurstEvidence['place']>;
}

/** Examines its own process: it observes from the beginning and can report its findings at any time. */
export class Examiner implements Watcher {
  readonly #bursts: { readonly owner: object; readonly facts: BurstFacts }[] = [];
  readonly #warnings: string[] = [];
  readonly #changed: () => void;
  /** The last answer of the registered provider. */
  #refuses: ProviderEvidence['refuses'] = 'none';
  /** The registrations before the first burst shut down. */
  #before: Registered | undefined;

  /** @param changed is called when there are new findings at a time that may be the last opportunity */
  constructor(changed: () => void) {
    this.#changed = changed;
    watchWith(this);
  }

  ending(): void {
    this.#before ??= this.#registered(new RegisteredProvider());
    this.#changed();
  }

  ended(): void {
    this.#changed();
  }

  burst(owner: object, facts: BurstFacts): void {
    this.#bursts.push({ owner, facts });
    // If the setup completes in one turn of the event loop, the burst is registered by then.
    armImmediate(() => {
      if (this.#before === undefined) this.#refuses = new RegisteredProvider().refuses();
    });
  }

  warning(text: string): void {
    if (this.#warnings.length < MAX_WARNINGS) this.#warnings.push(text);
  }

  evidence(): Evidence {
    const { places, ...registered } = this.#before ?? this.#registeredNow();
    const files = loadedFiles();
    const settings = Object.entries(process.env).filter(([name]) => SHOWN.test(name));
    return {
      pid: process.pid,
      entry: process.argv[1] ?? '',
      environment: Object.fromEntries(settings) as Record<string, string>,
      bursts: this.#bursts.map(({ owner, facts: { stats, ...facts } }) => ({
        ...facts,
        // A burst that was created after the first one shut down cannot be located.
        place: places.get(owner) ?? 'unknown',
        stats: stats() as StatsEvidence,
      })),
      ...registered,
      copies: copiesIn(files),
      loggers: loggersIn(files),
      warnings: [...this.#warnings],
    };
  }

  #registeredNow(): Registered {
    const provider = new RegisteredProvider();
    this.#refuses = provider.refuses();
    return this.#registered(provider);
  }

  #registered(provider: RegisteredProvider): Registered {
    const { [API_KEY]: api, [STARTED_KEY]: started } = globalThis as Global;
    return {
      places: new Map(this.#bursts.map(({ owner }) => [owner, provider.placeOf(owner)])),
      provider: provider.evidence(this.#refuses),
      isStarted: started !== undefined,
      hasContextManager: api?.context !== undefined,
      hasTracerProvider: api?.trace !== undefined,
    };
  }
}
