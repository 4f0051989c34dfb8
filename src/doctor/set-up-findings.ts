import { Severity, severityNameOf } from '../record/index.ts';
import type { BurstEvidence, Evidence } from './evidence.ts';
import { exportersIn, readsFile } from './exporters-in.ts';
import type { Finding } from './finding.ts';
import { unsupported } from './version-range.ts';

type Look = (evidence: Evidence) => readonly Finding[];

/** What is wrong with how the parts stand together, whatever records came. */
export function setUpFindings(evidence: Evidence): readonly Finding[] {
  return looks.flatMap((look) => look(evidence));
}

const isTurnedOff: Look = (evidence) => {
  const { environment } = evidence;
  if (readsFile(evidence)) return [];
  const { variable, names } = exportersIn(environment);
  return [
    ...(environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true'
      ? [turnedOff('OTEL_SDK_DISABLED=true', 'OpenTelemetry is turned off as a whole')]
      : []),
    ...(names.includes('none')
      ? [turnedOff(`${variable}=${environment[variable]?.trim()}`, 'no log records are exported')]
      : []),
  ];
};

function turnedOff(seen: string, why: string): Finding {
  return { cause: 'turned-off', seen, why, remedy: 'unset the variable' };
}

const isMissing: Look = ({ bursts }) =>
  bursts.length > 0
    ? []
    : [
        {
          cause: 'no-burst',
          seen: 'the process made neither a BurstLogRecordProcessor nor a BurstLoggerProvider',
          why: 'nothing holds records, so nothing can be released',
          remedy:
            'start with `node --import burstlog/register app.js`, or call start() of burstlog/setup first',
        },
      ];

const isElsewhere: Look = ({ bursts, provider }) => {
  if (bursts.length === 0 || bursts.some(({ place }) => place !== 'elsewhere')) return [];
  // Loggers can be taken from a provider that nobody registered.
  if (provider === undefined && bursts.every(showsAll)) return [];
  const seen =
    provider === undefined
      ? 'no LoggerProvider is registered'
      : `the registered LoggerProvider is another one: ${provider.name} with ${listed(provider.processors ?? [])}`;
  return [
    {
      cause: 'two-providers',
      seen: `${seen}; no burst belongs to it`,
      why: 'instrumentations and tasks write to the registered provider, so their records go past the burst',
      remedy:
        'register one LoggerProvider only, the one with the burst, before any other: registerLoggerProvider(provider)',
    },
  ];
};

/** They export what the burst would hold. */
const EXPORTING: readonly string[] = [
  ...['BatchLogRecordProcessor', 'SimpleLogRecordProcessor', 'PriorityBatchLogRecordProcessor'],
];

const isBeside: Look = ({ bursts, provider }) => {
  const beside = (provider?.processors ?? []).filter((name) => EXPORTING.includes(name));
  if (beside.length === 0 || !bursts.some(({ place }) => place === 'processor')) return [];
  return [
    {
      cause: 'exported-beside',
      seen: `${listed(beside)} stands beside the burst in the registered LoggerProvider`,
      why: 'it exports every record at once, quiet ones too, so a burst brings nothing new',
      remedy: 'give its exporter to the burst, new BurstLogRecordProcessor({ exporter }), and remove it',
    },
  ];
};

const isRefused: Look = ({ bursts, provider }) => {
  const wantsQuiet = bursts.some(({ level }) => level <= Severity.DEBUG4);
  if (provider === undefined || provider.refuses === 'none' || !wantsQuiet) return [];
  const isAll = provider.refuses === 'all';
  return [
    {
      cause: isAll ? 'minimum-severity' : 'trace-based',
      seen: `the registered LoggerProvider refuses DEBUG records${isAll ? '' : ' of traces that are not sampled'}`,
      why: 'the SDK asks minimumSeverity and traceBased before any processor, so these records are not held',
      remedy: `leave ${isAll ? 'minimumSeverity' : 'traceBased'} out of the loggerConfigurator; the burst's option level refuses records too`,
    },
  ];
};

const isNothingQuiet: Look = ({ bursts }) =>
  bursts.filter(holdsNothing).map(({ level, emitLevel }) => ({
    cause: 'nothing-is-quiet',
    seen: `level is ${severityNameOf(level)}, and emitLevel is ${severityNameOf(emitLevel)}`,
    why: 'records below level are refused and those from emitLevel on are exported, so none is held',
    remedy: 'set level below emitLevel: BURSTLOG_LEVEL=TRACE, or without it',
  }));

export function holdsNothing({ level, emitLevel }: BurstEvidence): boolean {
  return level >= emitLevel;
}

/**
 * Copies of one version share what is registered. Without a burst the doctor does not come from the application's own
 * burstlog, and has loaded a copy itself.
 */
const hasCopies: Look = ({ bursts, copies }) => {
  if (bursts.length === 0) return [];
  const each = copies.filter(({ name }) => name === '@opentelemetry/api');
  if (new Set(each.map(({ version }) => version)).size < 2) return [];
  return [
    {
      cause: 'two-copies',
      seen: `versions of @opentelemetry/api: ${each.map(({ version, folder }) => `${version} in ${folder}`).join(', ')}`,
      why: 'each refuses what another version registers, so log records or traces get lost between them',
      remedy: 'install one version for all: npm ls @opentelemetry/api',
    },
  ];
};

const isUnsupported: Look = ({ copies }) =>
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

const isTooLate: Look = ({ loggers }) =>
  loggers
    .filter(({ instrumentation }) => instrumentation === 'after')
    .map(({ name }) => ({
      cause: 'import-order',
      seen: `${name} was loaded before @opentelemetry/instrumentation-${name}`,
      why: `the instrumentation changes ${name} while it is loaded, so its records do not become OpenTelemetry's`,
      remedy: 'load burstlog first: `node --import burstlog/register`, or start() in the first import',
    }));

/** Whether a burst did what it is for: what it held was released, and nothing pushed it out. */
function showsAll({ stats }: BurstEvidence): boolean {
  return stats.released > 0 && !stats.evicted.capacity;
}

const hasNoContext: Look = ({ bursts, hasContextManager }) =>
  hasContextManager || !bursts.some((burst) => ['trace', 'task'].includes(burst.scope) && !showsAll(burst))
    ? []
    : [
        {
          cause: 'no-context-manager',
          seen: 'no context manager is registered',
          why: 'no record knows its trace, so all share one buffer, where those of other requests push them out',
          remedy:
            'start() and NodeSDK register one; else: context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())',
        },
      ];

const hasNoTracer: Look = ({ bursts, hasContextManager, hasTracerProvider }) =>
  hasTracerProvider ||
  !hasContextManager ||
  !bursts.some((burst) => burst.scope === 'trace' && !showsAll(burst))
    ? []
    : [
        {
          cause: 'no-traces',
          seen: 'no TracerProvider is registered',
          why: 'records outside of tasks have no trace, so all share one buffer, and no failed or slow span is a trigger',
          remedy:
            'npm i @opentelemetry/sdk-trace @opentelemetry/instrumentation-http; or set the scope to task or global',
        },
      ];

const looks: readonly Look[] = [
  ...[isTurnedOff, isMissing, isTooLate, isElsewhere, isBeside, isRefused, isNothingQuiet],
  ...[hasCopies, isUnsupported, hasNoContext, hasNoTracer],
];

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no processors' : names.join(', ');
}
