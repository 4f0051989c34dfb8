import { armImmediate, type BurstFacts, type Watcher, watchWith } from '../record/index.ts';
import type { BurstEvidence, Evidence, ProviderEvidence, StatsEvidence } from './evidence.ts';
import { copiesIn, loadedFiles, loggersIn } from './loaded-packages.ts';
import { RegisteredProvider } from './registered-provider.ts';

/** Warnings that are kept, the first ones. */
const MAX_WARNINGS = 50;
/** Where `@opentelemetry/api` keeps what is registered. Not by the API: an older copy does not see a newer one. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');

/** Where `start()` keeps what it set up. */
const STARTED_KEY = Symbol.for('burstlog.setup');

interface Global {
  readonly [API_KEY]?: RegisteredApi;
  readonly [STARTED_KEY]?: unknown;
}

interface RegisteredApi {
  readonly context?: unknown;
  readonly trace?: unknown;
}

/** Variables that say where records go; none of them is a secret. */
const SHOWN = /^(?:BURSTLOG_|OTEL_)(?!.*(?:HEADERS|CERTIFICATE|KEY))/;

/** What is registered with OpenTelemetry, and where the bursts stand in it. */
interface Registered
  extends Pick<Evidence, 'provider' | 'isStarted' | 'hasContextManager' | 'hasTracerProvider'> {
  readonly places: ReadonlyMap<object, BurstEvidence['place']>;
}

/** Looks at the process that it runs in: it listens from the start, and says at any time what it found. */
export class Examiner implements Watcher {
  readonly #bursts: { readonly owner: object; readonly facts: BurstFacts }[] = [];
  readonly #warnings: string[] = [];
  readonly #changed: () => void;
  /** As the registered provider answered last. */
  #refuses: ProviderEvidence['refuses'] = 'none';
  /** What was registered before the first burst shut down. */
  #before: Registered | undefined;

  /** @param changed is called when there is something new at a moment after which nothing may come */
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
    // By then it is registered, if its set-up is done in one turn.
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
        // One that came after the first has ended cannot be found any more.
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
