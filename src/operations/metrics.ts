import { counter, type Field, gauge, type Measured, oneOf, presence } from './figure.ts';
import { figures } from './figures.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { Metric, Sample } from './prometheus.ts';
import type { Snapshot } from './status-report.ts';

/** Returns all figures of the daemon as metrics. */
export function metricsOf({ report, ...daemon }: Snapshot, loop: LoopDelay): readonly Metric[] {
  const nowhere = { where: '', labels: {} };
  const version = { where: '', labels: { version: report.version } };
  return grouped([
    ...info.measure(1, version),
    ...state.measure(daemon.state, nowhere),
    ...blocked.measure(daemon.blocked, nowhere),
    ...heapUsed.measure(process.memoryUsage().heapUsed, nowhere),
    ...cpu.measure(cpuSeconds(), nowhere),
    ...loopDelayP99.measure(loop.takeSeconds(), nowhere),
    ...figures.measure(report, nowhere),
  ]);
}

const info = gauge('info', 'Always 1; the version is a label.', 'table');
const state: Field<Snapshot['state']> = oneOf('state', '1 for the current state of the daemon.', [
  'starting',
  'ready',
  'draining',
  'failed',
]);
const blocked = presence('intake_blocked', '1 if no records are accepted although the daemon is ready.');
const heapUsed = gauge('heap_used_bytes', 'Used JavaScript heap.', 'table');
const cpu = counter('cpu_seconds', 'CPU time of the process.', 'table');
const loopDelayP99 = gauge(
  'event_loop_delay_p99_seconds',
  'Delay of the event loop, 99th percentile since the last scrape.',
  'table',
);

/**
 * Groups samples by metric. Counters of a plugin may have the name of another figure. Of duplicate samples
 * the first is kept, because a page with duplicates is invalid.
 */
function grouped(all: readonly Measured[]): readonly Metric[] {
  const metrics = new Map<string, Metric & { readonly samples: Sample[] }>();
  const seen = new Set<string>();
  for (const { figure, labels: place, cause, value } of all) {
    const { metric: name, type, help } = figure;
    const labels = cause === '' ? place : { ...place, cause };
    const key = JSON.stringify([name, labels]);
    if (seen.has(key)) continue;
    seen.add(key);
    const metric = metrics.get(name) ?? { name, type, help, samples: [] };
    metric.samples.push({ labels, value });
    metrics.set(name, metric);
  }
  return [...metrics.values()];
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
