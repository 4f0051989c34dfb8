/** The state of a process at one moment: plain data, which one process writes and another reads. */
export interface Evidence {
  readonly pid: number;
  /** The entry file of the process. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly bursts: readonly BurstEvidence[];
  /** Undefined if no LoggerProvider is registered. */
  readonly provider: ProviderEvidence | undefined;
  /** Whether `start()` or `burstlog/register` set it up. */
  readonly isStarted: boolean;
  readonly hasContextManager: boolean;
  readonly hasTracerProvider: boolean;
  /** The loaded packages of OpenTelemetry, with every copy. */
  readonly copies: readonly Copy[];
  /** The loaded loggers, by name. */
  readonly loggers: readonly LoadedLogger[];
  /** Warnings of burstlog itself. */
  readonly warnings: readonly string[];
}

/** A burst, with its options and record counts. */
export interface BurstEvidence {
  readonly name: string;
  readonly level: number;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly scope: string;
  /** Its position relative to the registered provider. */
  readonly place: 'provider' | 'processor' | 'elsewhere' | 'unknown';
  readonly stats: StatsEvidence;
}

/** The parts of `BurstStats` that are used here. */
export interface StatsEvidence {
  readonly held: number;
  readonly passed: number;
  readonly live: number;
  readonly released: number;
  readonly bursts: number;
  readonly joined: number;
  readonly delivered: number;
  readonly pending: number;
  readonly evicted: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
}

/** The registered LoggerProvider. */
export interface ProviderEvidence {
  readonly name: string;
  /** The names of its processors; undefined if they cannot be determined. */
  readonly processors: readonly string[] | undefined;
  /** The DEBUG records that it rejects before they reach a processor. */
  readonly refuses: 'none' | 'unsampled' | 'all';
}

export interface Copy {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

export interface LoadedLogger {
  readonly name: string;
  /**
   * Whether its instrumentation is loaded too, and which of the two was first; `'hook'`: `burstlog/pino` is
   * used.
   */
  readonly instrumentation: 'none' | 'before' | 'after' | 'hook';
}
