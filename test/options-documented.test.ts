import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BlackBoxOptions, boxFields } from '../src/box/box-options.ts';
import { hookOptions, type ShutdownHookOptions } from '../src/box/shutdown-hooks.ts';
import {
  type burstCallOptions,
  type burstDeliveryFields,
  burstFields,
  discardOptions,
  spanOptions,
  triggerFields,
} from '../src/burst/burst-fields.ts';
import type { BurstSpanProcessorOptions } from '../src/burst/burst-span-processor.ts';
import type {
  BurstCallOptions,
  BurstDeliveryOptions,
  BurstOptions,
  BurstTriggers,
} from '../src/burst/options.ts';
import { type DeliveryOptions, deliveryFields } from '../src/export/delivery-options.ts';
import { type RetryOptions, retryFields } from '../src/export/retry-options.ts';
import type { AnyField, Inputs } from '../src/settings/index.ts';
import type { ImportTaskOptions, StartTaskOptions, TaskOptions } from '../src/task/task.ts';
import {
  type TaskLogRecordProcessorOptions,
  processorOptions as taskProcessorOptions,
} from '../src/task/task-log-record-processor.ts';
import { importFields, startFields, taskFields } from '../src/task/task-options.ts';
import type { CaptureLogsOptions, captureOptions } from '../src/testing/capture-logs.ts';
import { type LinesOptions, linesOptions } from '../src/tree/options.ts';
import { exporterOptions, type ZmqLogRecordExporterOptions } from '../src/zeromq/exporter-options.ts';

const page = readFileSync(join(__dirname, '../docs/options.md'), 'utf8');
const burst = readFileSync(join(__dirname, '../docs/burst.md'), 'utf8');

test('docs/options.md is what `npm run docs` makes of the code', () => {
  const script = `import('${join(__dirname, '../scripts/sdk-options.js')}').then((m) => process.stdout.write(m.optionsPage()))`;
  expect(page).toBe(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
});

test('no option is without a description', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(70);
  expect(rows.filter((row) => !/ [A-Z`0-9].*[.)] \|$/.test(row))).toEqual([]);
});

/** How a comment may write a number. */
function written(value: number): readonly string[] {
  const mebibytes = value / 1_048_576;
  return [String(value), value.toLocaleString('en-US'), `${mebibytes} MiB`];
}

function rowOf(section: string, name: string): string {
  const [, text = ''] = page.split(`## ${section}`);
  return (
    text
      .split('\n## ')[0]!
      .split('\n')
      .find((line) => line.startsWith(`| \`${name}\``)) ?? ''
  );
}

function onlyIn<T extends object>(fields: T, others: object): Partial<T> {
  const own = Object.entries(fields).filter(([name]) => !Object.hasOwn(others, name));
  return Object.fromEntries(own) as Partial<T>;
}

const definitions: readonly (readonly [string, Readonly<Record<string, AnyField>>])[] = [
  ['BurstLogRecordProcessor', burstFields],
  ['triggers', triggerFields],
  ['burst() and discard()', discardOptions.fields],
  ['spanProcessor()', spanOptions.fields],
  ['blackBox', boxFields],
  ['installShutdownHooks()', hookOptions.fields],
  ['PriorityBatchLogRecordProcessor', deliveryFields],
  ['RetryingLogRecordExporter', retryFields],
  ['ZmqLogRecordExporter', exporterOptions.fields],
  ['TaskLogRecordProcessor', taskProcessorOptions.fields],
  ['task(), to(), wrap() and all below', taskFields],
  ['importTask()', onlyIn(importFields, taskFields)],
  ['startTask()', onlyIn(startFields, taskFields)],
  ['toLines()', linesOptions.fields],
];

test.each(definitions)(
  'the page and the comments of %s say the defaults and bounds that hold',
  (section, fields) => {
    const wrong: string[] = [];
    for (const [name, field] of Object.entries(fields)) {
      const row = rowOf(section, name);
      const { absence } = field;
      const parts = field.kind === 'group' && field.canBeOff ? Object.values(field.fields) : [];
      const numbers = [field, ...parts].flatMap(({ absence }) =>
        absence.kind === 'default' && typeof absence.value === 'number' ? [absence.value] : [],
      );
      if ('max' in field && field.max < 100) numbers.push(field.max);
      const words = absence.kind === 'default' && ['string', 'boolean'].includes(typeof absence.value);
      if (row === '') wrong.push(`${name} is missing`);
      if (words && !new RegExp(`Default:? \`?'?${absence.value}\\b`).test(row))
        wrong.push(`${name}: ${absence.value}`);
      for (const number of numbers) {
        if (!written(number).some((text) => row.includes(text))) wrong.push(`${name}: ${number}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);

/** Each is assignable to the other: `npm run types` checks it. */
type Same<One, Other> = [One, Other] extends [Other, One] ? true : false;

test('the interfaces of options and their definitions are of one type', () => {
  const areSame: readonly [
    Same<Inputs<typeof burstFields>, BurstOptions>,
    Same<Inputs<typeof triggerFields>, BurstTriggers>,
    Same<Inputs<typeof burstDeliveryFields>, BurstDeliveryOptions>,
    Same<Inputs<typeof discardOptions.fields>, BurstCallOptions>,
    Same<Inputs<typeof burstCallOptions.fields>, BurstCallOptions & { readonly reason?: string | undefined }>,
    Same<Inputs<typeof spanOptions.fields>, BurstSpanProcessorOptions>,
    Same<Inputs<typeof boxFields>, BlackBoxOptions>,
    Same<Inputs<typeof hookOptions.fields>, ShutdownHookOptions>,
    Same<Inputs<typeof deliveryFields>, DeliveryOptions>,
    Same<Inputs<typeof retryFields>, RetryOptions>,
    Same<Inputs<typeof exporterOptions.fields>, ZmqLogRecordExporterOptions>,
    Same<Inputs<typeof taskProcessorOptions.fields>, TaskLogRecordProcessorOptions>,
    Same<Inputs<typeof taskFields>, TaskOptions>,
    Same<Inputs<typeof importFields>, ImportTaskOptions>,
    Same<Inputs<typeof startFields>, StartTaskOptions>,
    Same<Inputs<typeof linesOptions.fields>, LinesOptions>,
    Same<Inputs<typeof captureOptions.fields>, CaptureLogsOptions>,
  ] = [true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true];
  expect(areSame).not.toContain(false);
});

test('docs/burst.md explains delivery and retry', () => {
  const notThere = ['maxQueueBytes', 'meterProvider', 'clock', 'random', 'isRetryable'];
  const names = [...Object.keys(deliveryFields), ...Object.keys(retryFields)];
  expect(names.filter((name) => !notThere.includes(name) && !burst.includes(`\`${name}\``))).toEqual([]);
});

test('docs/burst.md explains every option of the processor', () => {
  const [, text = ''] = page.split('## BurstLogRecordProcessor');
  const rows = text.split('\n## ')[0]!.matchAll(/^\| `(\w+)`/gm);
  const names = [...rows]
    .map(([, name]) => name!)
    .filter((name) => !['clock', 'meterProvider'].includes(name));
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !burst.includes(`\`${name}\``))).toEqual([]);
});
