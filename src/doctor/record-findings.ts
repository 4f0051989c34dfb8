import { severityNameOf } from '../record/index.ts';
import type { BurstEvidence, Evidence, LoadedLogger, StatsEvidence } from './evidence.ts';
import type { Finding } from './finding.ts';
import { holdsNothing } from './set-up-findings.ts';

/** Checks the counts of each burst: records received, lost and delivered. */
export function recordFindings({ bursts, loggers }: Evidence): readonly Finding[] {
  return bursts.flatMap((burst) => [
    ...arrivals(burst, loggers),
    ...losses(burst.stats),
    ...deliveries(burst.stats),
  ]);
}

function arrivals(burst: BurstEvidence, loggers: readonly LoadedLogger[]): readonly Finding[] {
  const { stats, emitLevel, burstLevel } = burst;
  const quiet = stats.held + stats.passed;
  if (holdsNothing(burst)) return [];
  if (quiet === 0 && stats.live === 0) {
    return [
      {
        cause: 'no-records',
        seen: `no record reached the burst${loggers.length === 0 ? '' : `; loaded are ${names(loggers)}`}`,
        why: 'records that do not arrive cannot be held or exported',
        remedy:
          loggers.map(connection).join('; ') || 'write records with a logger that OpenTelemetry instruments',
      },
    ];
  }
  if (quiet === 0) {
    return [
      {
        cause: 'logger-level',
        seen: `${stats.live} records arrived, none of them below ${severityNameOf(emitLevel)}`,
        why: 'a logger with level INFO creates no DEBUG records, so there is nothing to hold',
        remedy: loggers.map(quietly).join('; ') || 'set the level of the logger to DEBUG',
      },
    ];
  }
  if (stats.bursts + stats.joined > 0) return [];
  const level = severityNameOf(burstLevel);
  return [
    {
      cause: 'no-trigger',
      seen: `${stats.held} records were held, but no trigger released them`,
      why: `no trace with held records had a record of at least ${level} or a failed span`,
      remedy: `if an error was logged, check whether it was below ${level}, or outside the trace with the held records; see burstLevel, triggers and scope`,
    },
  ];
}

function names(loggers: readonly LoadedLogger[]): string {
  return loggers.map(({ name }) => name).join(', ');
}

/** winston's instrumentation sends nothing without this package, on which it does not depend. */
const WINSTON_TRANSPORT = '@opentelemetry/winston-transport';

function connection({ name, instrumentation }: LoadedLogger): string {
  if (instrumentation !== 'none') {
    const transport = name === 'winston' ? `npm i ${WINSTON_TRANSPORT} if it is not installed; ` : '';
    return `${transport}check that ${name} is not silent`;
  }
  const more = { pino: ', or use withBurstlog() of burstlog/pino', winston: ` ${WINSTON_TRANSPORT}` }[name];
  return `npm i @opentelemetry/instrumentation-${name}${more ?? ''}`;
}

function quietly({ name, instrumentation }: LoadedLogger): string {
  if (instrumentation === 'hook')
    return `${name}: remove its level option, which withBurstlog() sets, and log below INFO`;
  if (name === 'pino') return "pino: pino(withBurstlog({ level: 'info' })), of burstlog/pino";
  return name === 'winston'
    ? "winston: level 'debug' for the logger, 'info' for its transports"
    : `${name}: level 'debug'`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  capacity: 'raise capacity, or use scope trace or task instead of global',
  bytes: 'raise maxBytes',
  age: 'raise maxAgeMillis',
  idle: 'raise idleMillis, or register spanProcessor() so that open traces are known',
  limit: 'raise limit, or set it to false',
  size: 'raise maxRecordBytes',
};

function losses({ evicted }: StatsEvidence): readonly Finding[] {
  return Object.entries(REMEDIES)
    .filter(([cause]) => (evicted[cause] ?? 0) > 0)
    .map(([cause, remedy]) => ({
      cause: `evicted-${cause}`,
      seen: `${evicted[cause]} held records were evicted: ${cause}`,
      why: 'a later trigger cannot release them',
      remedy,
    }));
}

function deliveries({ failed, pending, delivered }: StatsEvidence): readonly Finding[] {
  const failures = Object.entries(failed).filter(([, count]) => count > 0);
  if (failures.length === 0 && pending === 0) return [];
  const causes = failures.map(([cause, count]) => `${count} ${cause}`).join(', ');
  return [
    {
      cause: 'not-delivered',
      seen: `${delivered} records were delivered; failed: ${causes || 'none'}; ${pending} are still pending`,
      why: 'these records did not reach their destination, or not yet',
      remedy:
        'check the warnings of the exporter (OTEL_LOG_LEVEL=DEBUG), and await shutdown() before the process ends',
    },
  ];
}
