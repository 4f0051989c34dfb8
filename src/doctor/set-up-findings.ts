import { Severity, severityNameOf } from '../record/index.ts';
import type { BurstEvidence, Evidence } from './evidence.ts';
import { exportersIn, readsFile } from './exporters-in.ts';
import type { Finding } from './finding.ts';
import { unsupported } from './version-range.ts';

type Check = (evidence: Evidence) => readonly Finding[];

/** Checks how the parts are set up, independent of the records. */
export function setUpFindings(evidence: Evidence): readonly Finding[] {
  return checks.flatMap((check) => check(evidence));
}

const isTurnedOff: Check = (evidence) => {
  const { environment } = evidence;
  if (readsFile(evidence)) return [];
  const { variable, names } = exportersIn(environment);
  return [
    ...(environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true'
      ? [turnedOff('OTEL_SDK_DISABLED=true', 'OpenTelemetry is disabled')]
      : []),
    ...(names.includes('none')
      ? [turnedOff(`${variable}=${environment[variable]?.trim()}`, 'no log records are exported')]
      : []),
  ];
};

function turnedOff(seen: string, why: string): Finding {
  return { cause: 'turned-off', seen, why, remedy: 'unset the variable' };
}

const isMissing: Check = ({ bursts }) =>
  bursts.length > 0
    ? []
    : [
        {
          cause: 'no-burst',
          seen: 'the process created no BurstLogRecordProcessor and no BurstLoggerProvider',
          why: 'no component holds records, so none can be released',
          remedy:
            'start with `node --import burstlog/register app.js`, or call start() of burstlog/setup before anything else',
        },
      ];

const isElsewhere: Check = ({ bursts, provider }) => {
  if (bursts.length === 0 || bursts.some(({ place }) => place !== 'elsewhere')) return [];
  // Loggers can also be obtained from a provider that is not registered.
  if (provider === undefined && bursts.every(showsAll)) return [];
  const seen =
    provider === undefined
      ? 'no LoggerProvider is registered'
      : `the registered LoggerProvider is a different one: ${provider.name} with ${listed(provider.processors ?? [])}`;
  return [
    {
      cause: 'two-providers',
      seen: `${seen}; the burst is not registered`,
      why: 'instrumentations and tasks write to the registered provider, so their records bypass the burst',
      remedy:
        'register only the LoggerProvider with the burst, before any other: registerLoggerProvider(provider)',
    },
  ];
};

/** Processors that export every record, including those that the burst would hold. */
const EXPORTING: readonly string[] = [
  ...['BatchLogRecordProcessor', 'SimpleLogRecordProcessor', 'PriorityBatchLogRecordProcessor'],
];

const isBeside: Check = ({ bursts, provider }) => {
  const beside = (provider?.processors ?? []).filter((name) => EXPORTING.includes(name));
  if (beside.length === 0 || !bursts.some(({ place }) => place === 'processor')) return [];
  return [
    {
      cause: 'exported-beside',
      seen: `${listed(beside)} is registered beside the burst in the registered LoggerProvider`,
      why: 'it exports every record at once, including quiet ones, so a burst adds nothing',
      remedy: 'give its exporter to the burst, new BurstLogRecordProcessor({ exporter }), and remove it',
    },
  ];
};

const isRefused: Check = ({ bursts, provider }) => {
  const wantsQuiet = bursts.some(({ level }) => level <= Severity.DEBUG4);
  if (provider === undefined || provider.refuses === 'none' || !wantsQuiet) return [];
  const isAll = provider.refuses === 'all';
  return [
    {
      cause: isAll ? 'minimum-severity' : 'trace-based',
      seen: `the registered LoggerProvider rejects DEBUG records${isAll ? '' : ' of unsampled traces'}`,
      why: 'the SDK checks minimumSeverity and traceBased before any processor, so these records are not held',
      remedy: `remove ${isAll ? 'minimumSeverity' : 'traceBased'} from the loggerConfigurator; to drop records, use the burst's option level`,
    },
  ];
};

const isNothingQuiet: Check = ({ bursts }) =>
  bursts.filter(holdsNothing).map(({ level, emitLevel }) => ({
    cause: 'nothing-is-quiet',
    seen: `level is ${severityNameOf(level)}, and emitLevel is ${severityNameOf(emitLevel)}`,
    why: 'records below level are dropped and those from emitLevel on are exported, so none is held',
    remedy: 'set level below emitLevel: BURSTLOG_LEVEL=TRACE, or unset it',
  }));

export function holdsNothing({ level, emitLevel }: BurstEvidence): boolean {
  return level >= emitLevel;
}

/**
 * Copies of the same version share their registrations. Without a burst, the doctor is not loaded from the
 * application's own burstlog and has loaded another copy itself.
 */
const hasCopies: Check = ({ bursts, copies }) => {
  if (bursts.length === 0) return [];
  const each = copies.filter(({ name }) => name === '@opentelemetry/api');
  if (new Set(each.map(({ version }) => version)).size < 2) return [];
  return [
    {
      cause: 'two-copies',
      seen: `versions of @opentelemetry/api: ${each.map(({ version, folder }) => `${version} in ${folder}`).join(', ')}`,
      why: 'each rejects registrations of another version, so log records or traces are lost',
      remedy: 'install a single version: npm ls @opentelemetry/api',
    },
  ];
};

const isUnsupported: Check = ({ copies }) =>
  copies.flatMap(({ name, version, folder }) => {
    const expected = unsupported(name, version);
    if (expected === undefined) return [];
    return [
      {
        cause: 'unsupported-version',
        seen: `${name} ${version} in ${folder}`,
        why: 'burstlog does not work with this version',
        remedy: `install ${name} ${expected}`,
      },
    ];
  });

const isTooLate: Check = ({ loggers }) =>
  loggers
    .filter(({ instrumentation }) => instrumentation === 'after')
    .map(({ name }) => ({
      cause: 'import-order',
      seen: `${name} was loaded before @opentelemetry/instrumentation-${name}`,
      why: `the instrumentation patches ${name} while it is loaded, so it does not see these records`,
      remedy: 'load burstlog first: `node --import burstlog/register`, or start() in the first import',
    }));

/** Whether a burst works: it released held records, and none was evicted by the capacity. */
function showsAll({ stats }: BurstEvidence): boolean {
  return stats.released > 0 && !stats.evicted.capacity;
}

const hasNoContext: Check = ({ bursts, hasContextManager }) =>
  hasContextManager || !bursts.some((burst) => ['trace', 'task'].includes(burst.scope) && !showsAll(burst))
    ? []
    : [
        {
          cause: 'no-context-manager',
          seen: 'no context manager is registered',
          why: 'records have no trace context, so all share one buffer, in which records of other requests evict them',
          remedy:
            'start() and NodeSDK register one; else: context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())',
        },
      ];

const hasNoTracer: Check = ({ bursts, hasContextManager, hasTracerProvider }) =>
  hasTracerProvider ||
  !hasContextManager ||
  !bursts.some((burst) => burst.scope === 'trace' && !showsAll(burst))
    ? []
    : [
        {
          cause: 'no-traces',
          seen: 'no TracerProvider is registered',
          why: 'records outside of tasks have no trace, so all share one buffer, and failed or slow spans are no triggers',
          remedy:
            'npm i @opentelemetry/sdk-trace @opentelemetry/instrumentation-http; or set the scope to task or global',
        },
      ];

const checks: readonly Check[] = [
  ...[isTurnedOff, isMissing, isTooLate, isElsewhere, isBeside, isRefused, isNothingQuiet],
  ...[hasCopies, isUnsupported, hasNoContext, hasNoTracer],
];

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no processors' : names.join(', ');
}
