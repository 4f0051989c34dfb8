import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { parse } from 'yaml';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { metricsOf } from '../../src/operations/metrics.ts';
import { prometheusText } from '../../src/operations/prometheus.ts';
import * as attributes from '../../src/record/attributes.ts';
import { receiverReport, sinkReport, statusReport } from '../operations/support/report.ts';
import { RecordingExporter } from '../support/exporters.ts';

interface Target {
  readonly expr?: string;
  readonly query?: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: Target['datasource'];
  readonly targets: readonly (Target & { readonly datasource?: Target['datasource'] })[];
  readonly transformations?: readonly {
    readonly options: { readonly includeByName?: Readonly<Record<string, boolean>> };
  }[];
}

const folder = join(__dirname, '../../examples/grafana');
const text = readFileSync(join(folder, 'dashboard.json'), 'utf8');
const dashboard: {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
} = JSON.parse(text);
const targets = dashboard.panels.flatMap((panel) =>
  panel.targets.map(({ datasource = panel.datasource, ...target }) => ({ ...target, datasource })),
);
const queries = (type: string) =>
  targets.filter(({ datasource }) => datasource.type === type).map(({ expr, query }) => expr ?? query ?? '');

/** As Prometheus names what it receives over OTLP (`UnderscoreEscapingWithSuffixes`). */
function prometheusName({ name, unit }: { name: string; unit: string }, isCounter: boolean): string {
  const suffixes = [...(unit === 'By' ? ['bytes'] : []), ...(isCounter ? ['total'] : [])];
  return [name.replaceAll('.', '_'), ...suffixes].join('_');
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Names of the metrics of a burst, as Prometheus has them. */
async function burstMetrics(): Promise<Set<string>> {
  const reader = new Reader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  const burst = new BurstLogRecordProcessor({ exporter: new RecordingExporter(), meterProvider });
  const { resourceMetrics } = await reader.collect();
  await burst.shutdown();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return new Set(
    metrics.map((metric) =>
      prometheusName(metric.descriptor, 'isMonotonic' in metric && metric.isMonotonic === true),
    ),
  );
}

/** Names of the metrics of a distlogd that has received, written and lost something. */
function daemonMetrics(): Set<string> {
  const some = { batches: 1, records: 1 };
  const report = statusReport({
    receivers: [receiverReport({ dropped: { queue_full: 1 } })],
    sinks: [sinkReport({ dropped: { behind_age: some } })],
  });
  const metrics = metricsOf(
    { state: 'ready', blocked: undefined, report } as never,
    { takeSeconds: () => 0 } as never,
  );
  return new Set([...prometheusText(metrics).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!));
}

describe('the dashboard', () => {
  test('asks Prometheus only for metrics that burstlog and distlogd have', async () => {
    const known = new Set([...(await burstMetrics()), ...daemonMetrics()]);
    const asked = [
      ...queries('prometheus'),
      ...dashboard.templating.list.map((each) => each.definition ?? ''),
    ]
      .join('\n')
      .match(/\b(?:burstlog|distlogd|otel)_\w+/g)!;

    expect(new Set(asked).size).toBeGreaterThan(10);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  test('asks Loki only for attributes that records have', () => {
    const written = Object.values(attributes).map((name) => name.replaceAll('.', '_'));
    // Of the resource, and of every record of a trace.
    const known = new Set([...written, 'service_name', 'trace_id']);
    const asked = queries('loki').flatMap((query) =>
      [...query.matchAll(/(?:[{|]\s*|by \()(\w+)(?=\s*(?:=|!=|=~|\)))/g)].map(([, name]) => name!),
    );
    const columns = dashboard.panels.flatMap(({ transformations = [] }) =>
      transformations.flatMap(({ options }) => Object.keys(options.includeByName ?? {})),
    );

    expect(new Set(asked)).toEqual(
      new Set([
        'service_name',
        'burst_released',
        'burst_trigger',
        'task_outcome',
        'task_failed_in',
        'trace_id',
      ]),
    );
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
    expect(columns.filter((name) => !known.has(name) && name !== 'Time' && name !== 'Line')).toEqual([]);
  });

  test('leads from a failed task to its trace and to its debug records', () => {
    expect(text).toContain(`/d/${dashboard.uid}?var-trace=\${__value.raw}`);
    expect(queries('tempo')).toEqual(['$trace']);
    expect(queries('loki')).toContain('{service_name=~".+"} | trace_id="$trace"');
  });

  test('uses variables that it has, and the data sources of grafana/otel-lgtm', () => {
    const variables = dashboard.templating.list.map(({ name }) => name);
    const used = [...text.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name!);

    expect(used.filter((name) => !variables.includes(name))).toEqual([]);
    for (const { datasource } of targets) expect(datasource.uid).toBe(datasource.type);
    expect(new Set(targets.map(({ datasource }) => datasource.uid))).toEqual(
      new Set(['loki', 'prometheus', 'tempo']),
    );
  });

  test('has a title, an explanation and an id of its own for every panel', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { title, description } of dashboard.panels) expect([title, description]).not.toContain('');
  });
});

describe('Prometheus', () => {
  test('translates names as this test does, and scrapes distlogd where docker-compose.yml has it', () => {
    const config = parse(readFileSync(join(folder, 'prometheus.yaml'), 'utf8'));
    const compose = parse(readFileSync(join(folder, '../../docker-compose.yml'), 'utf8'));

    expect(config.otlp.translation_strategy).toBe('UnderscoreEscapingWithSuffixes');
    expect(config.otlp.promote_resource_attributes).toContain('service.name');
    expect(config.scrape_configs[0].static_configs[0].targets).toEqual([
      compose.services.distlogd.environment.DISTLOGD_HTTP_ENDPOINT,
    ]);
  });
});
