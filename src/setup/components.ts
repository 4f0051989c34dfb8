import { BurstLogRecordProcessor } from '../burst/index.ts';
import type { LogRecordExporterLike, LogRecordProcessorLike } from '../record/index.ts';
import { resolve } from '../settings/index.ts';
import { burstSettings } from './configuration-file.ts';
import { setUpDiagnostics } from './diagnostics.ts';
import { logExporterOf, type Model } from './file-components.ts';
import { zmqExporter } from './log-exporters.ts';
import { Packages } from './packages.ts';
import { settings as definition } from './settings.ts';

/** A component of OpenTelemetry's declarative configuration, in the form that plugin registries expect. */
export interface ConfigurationComponent<T> {
  /** The type of the component. */
  readonly componentType: 'LogRecordProcessor' | 'LogRecordExporter';
  /** The key in a configuration file. */
  readonly name: string;
  /** @throws Error, RangeError or TypeError if a property is invalid */
  createComponent(properties: { readonly [key: string]: unknown } | null): T;
}

/**
 * `burst/development`: a `BurstLogRecordProcessor`. Its `exporter` is a configuration model or an exporter.
 */
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

/** `zmq/development`: exports records to distlogd. */
export const zmqComponent: ConfigurationComponent<LogRecordExporterLike> = {
  componentType: 'LogRecordExporter',
  name: 'zmq/development',
  createComponent: (properties) => zmqExporter(String(properties?.endpoint ?? 'tcp://127.0.0.1:5011')),
};
