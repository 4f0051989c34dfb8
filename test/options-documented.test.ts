import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../src/burst/burst-log-record-processor.ts';
import type { BurstExporterOptions } from '../src/burst/options.ts';

const page = readFileSync(join(__dirname, '../docs/burst.md'), 'utf8');

/** The names that an error message lists as known. */
function knownNames(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    return (error as Error).message.split('it knows ')[1]!.split(', ');
  }
  throw new Error('an unknown option was accepted');
}

const exporter = new InMemoryLogRecordExporter();
const withUnknown = (options: object) => () =>
  new BurstLogRecordProcessor({ exporter, ...options } as BurstExporterOptions);

test.each([
  ['the processor', { unknown: 1 }],
  ['delivery', { delivery: { unknown: 1 } }],
  ['delivery.retry', { delivery: { retry: { unknown: 1 } } }],
])('docs/burst.md names every option of %s', (_where, options) => {
  const notForUsers = ['exporter', 'maxQueueBytes', 'meterProvider', 'clock', 'random', 'isRetryable'];
  const names = knownNames(withUnknown(options)).filter((name) => !notForUsers.includes(name));
  expect(names.length).toBeGreaterThan(4);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
