import { join } from 'node:path';
import { Daemon } from '../../src/daemon/index.ts';
import { formatStatus, type StatusReport } from '../../src/operations/index.ts';
import { LoopDelay } from '../../src/operations/loop-delay.ts';
import { metricsOf } from '../../src/operations/metrics.ts';
import { prometheusText } from '../../src/operations/prometheus.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { loadedConfig } from './support/loaded-config.ts';

const folder = folderForEachTest();

/** The statistics of a real daemon with every receiver and every sink. */
async function realReport(): Promise<StatusReport> {
  const config = await loadedConfig(
    `data: ./data
receivers:
  zmqAck: { endpoint: 'tcp://127.0.0.1:0' }
  zmqPush: { endpoint: 'tcp://127.0.0.1:0' }
  otlpGrpc: { endpoint: '127.0.0.1:0' }
  otlpHttp: { endpoint: '127.0.0.1:0' }
sinks:
  out: { type: file, path: ${JSON.stringify(join(folder(), 'out.jsonl'))} }
  collector: { type: otlp, endpoint: 'http://127.0.0.1:9' }
  screen: { type: console }
http:
ownRecords: { severity: FATAL, console: false }
`,
    folder(),
  );
  const daemon = await Daemon.start(config, { version: '1.2.3' });
  const report = daemon.report();
  await daemon.stop(0);
  return report;
}

/** Values for fields in which the real daemon has counted nothing yet. */
const missing: Readonly<Record<string, unknown>> = {
  trouble: 'connect ECONNREFUSED',
  lastError: { text: 'connect ECONNREFUSED', atMillis: 0 },
  refused: { probe: 0 },
  dropped: { probe: 0 },
  filtered: { probe: 0 },
  redacted: { probe: 0 },
  rejected: { probe: { batches: 0, records: 0 } },
};

interface Leaf {
  readonly path: string;
  readonly kind: string;
  /** The report with a changed value at this path. */
  readonly changed: StatusReport;
}

/** Every value of the report, at any depth. */
function leavesOf(report: StatusReport): readonly Leaf[] {
  const whole = structuredClone(report);
  const found: Leaf[] = [];
  const visit = (holder: Record<string, unknown>, path: string): void => {
    for (const [key, value] of Object.entries(holder)) {
      const here = path === '' ? key : `${path}.${key}`;
      const isEmpty = value === undefined || (key in missing && Object.keys(value as object).length === 0);
      if (isEmpty) holder[key] = structuredClone(missing[key]);
      const now = holder[key];
      if (typeof now === 'object' && now !== null) {
        visit(now as Record<string, unknown>, here);
        continue;
      }
      const other = { number: Number(now) + 1_000_003, boolean: now !== true, string: 'stopped' }[
        typeof now as string
      ];
      if (other === undefined) throw new Error(`${here} is neither a number, a text nor yes or no`);
      holder[key] = other;
      found.push({ path: here, kind: typeof now, changed: structuredClone(whole) });
      holder[key] = now;
    }
  };
  visit(whole as unknown as Record<string, unknown>, '');
  return [{ path: '', kind: '', changed: whole }, ...found];
}

test('every field of the statistics of a real daemon arrives in /metrics and in `distlogd status`', async () => {
  const loop = new LoopDelay();
  // Figures that the process itself measures are not in the report.
  const metrics = (report: StatusReport) =>
    prometheusText(
      metricsOf({ state: 'ready', report }, loop).filter(({ name }) => !/memory|heap|cpu|loop/.test(name)),
    );
  const status = (report: StatusReport) => formatStatus({ ...report, state: 'ready' });

  const [whole, ...leaves] = leavesOf(await realReport());

  expect(leaves.length).toBeGreaterThan(100);
  const before = { metrics: metrics(whole!.changed), status: status(whole!.changed) };
  const hidden = leaves.flatMap(({ path, kind, changed }) => [
    ...(kind === 'string' || path === 'pid' || metrics(changed) !== before.metrics
      ? []
      : [`${path}: no metric`]),
    ...(status(changed) !== before.status ? [] : [`${path}: not in the status`]),
  ]);
  expect(hidden).toEqual([]);
});
