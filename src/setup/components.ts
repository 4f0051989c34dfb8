import { BurstLogRecordProcessor } from '../burst/index.ts';
import type { LogRecordExporterLike, LogRecordProcessorLike } from '../record/index.ts';
import { resolve } from '../settings/index.ts';
import { burstSettings } from './configuration-file.ts';
import { setUpDiagnostics } from './diagnostics.ts';
import { logExporterOf, type Model } from './file-components.ts';
import { zmqExporter } from './log-exporters.ts';
import { Packages } from './packages.ts';
import { settings as definition } from './settings.ts';

/** A component of OpenTelemetry's declarative configuration, as a registry of plugins takes it. */
export interface ConfigurationComponent<T> {
  /** What it makes. */
  readonly componentType: 'LogRecordProcessor' | 'LogRecordExporter';
  /** The key in a configuration file. */
  readonly name: string;
  /** @throws Error, RangeError or TypeError when a property is wrong */
  createComponent(properties: { readonly [key: string]: unknown } | null): T;
}

/** `burst/development`: a `BurstLogRecordProcessor`. Its `exporter` is a model, or an exporter that was made. */
export const burstComponent: ConfigurationComponent<LogRecordProcessorLike> = {
  componentType: 'LogRecordProcessor',
  name: 'burst/development',
  createComponent(properties) {
    const model: Model = properties ?? {};
    const { level, emitLevel, burstLevel, scope, capacity } = resolve(
      definition,
      'burst/development',
      burstSettings(model),
    );
    const { exporter } = model as { readonly exporter?: Partial<LogRecordExporterLike> };
    const made =
      typeof exporter?.export === 'function'
        ? (exporter as LogRecordExporterLike)
        : logExporterOf(exporter, new Packages(process.argv[1], setUpDiagnostics(process.env)));
    return new BurstLogRecordProcessor({ exporter: made, level, emitLevel, burstLevel, scope, capacity });
  },
};

/** `zmq/development`: records to distlogd. */
export const zmqComponent: ConfigurationComponent<LogRecordExporterLike> = {
  componentType: 'LogRecordExporter',
  name: 'zmq/development',
  createComponent: (properties) => zmqExporter(String(properties?.endpoint ?? 'tcp://127.0.0.1:5011')),
};
