/** What was found in a process at one moment: plain data, which one process writes and another reads. */
export interface Evidence {
  readonly pid: number;
  /** The file that the process runs. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly bursts: readonly BurstEvidence[];
  /** Undefined: no LoggerProvider is registered. */
  readonly provider: ProviderEvidence | undefined;
  /** Whether `start()` or `burstlog/register` set it up. */
  readonly isStarted: boolean;
  readonly hasContextManager: boolean;
  readonly hasTracerProvider: boolean;
  /** Packages of OpenTelemetry that were loaded, each copy of them. */
  readonly copies: readonly Copy[];
  /** Loggers that were loaded, by name. */
  readonly loggers: readonly LoadedLogger[];
  /** What burstlog itself has warned of. */
  readonly warnings: readonly string[];
}

/** A burst, with what its options say and what became of its records. */
export interface BurstEvidence {
  readonly name: string;
  readonly level: number;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly scope: string;
  /** Where it stands as seen from the registered provider. */
  readonly place: 'provider' | 'processor' | 'elsewhere' | 'unknown';
  readonly stats: StatsEvidence;
}

/** `BurstStats`, as far as it is looked at. */
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

/** The LoggerProvider that is registered. */
export interface ProviderEvidence {
  readonly name: string;
  /** Names of its processors; undefined if they cannot be seen. */
  readonly processors: readonly string[] | undefined;
  /** Which DEBUG records it refuses before any processor sees them. */
  readonly refuses: 'none' | 'unsampled' | 'all';
}

export interface Copy {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

export interface LoadedLogger {
  readonly name: string;
  /** Whether its instrumentation is loaded too, and which of them was first; `'hook'`: `burstlog/pino` is used. */
  readonly instrumentation: 'none' | 'before' | 'after' | 'hook';
}
