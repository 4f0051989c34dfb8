// Generates the reference of the SDK's options, docs/options.md, from the interfaces in src/ and their
// comments. `npm run docs` writes it; test/options-documented.test.ts fails if it is stale.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Heading, file, interface. */
const SECTIONS = [
  [
    'BurstLogRecordProcessor (beside `exporter` with `delivery`, or `processor`)',
    'burst/options.ts',
    'BurstOptions',
  ],
  ['triggers', 'burst/options.ts', 'BurstTriggers'],
  ['burst() and discard()', 'burst/options.ts', 'BurstCallOptions'],
  ['configure()', 'burst/verbosity-rule.ts', 'VerbosityRule'],
  ['spanProcessor()', 'burst/burst-span-processor.ts', 'BurstSpanProcessorOptions'],
  ['blackBox', 'box/box-options.ts', 'BlackBoxOptions'],
  ['installShutdownHooks()', 'box/shutdown-hooks.ts', 'ShutdownHookOptions'],
  [
    'PriorityBatchLogRecordProcessor, and delivery of the exporter form',
    'export/delivery-options.ts',
    'DeliveryOptions',
  ],
  ['RetryingLogRecordExporter, and delivery.retry', 'export/retry-options.ts', 'RetryOptions'],
  ['ZmqLogRecordExporter', 'zeromq/exporter-options.ts', 'ZmqLogRecordExporterOptions'],
  ['TaskLogRecordProcessor', 'task/task-log-record-processor.ts', 'TaskLogRecordProcessorOptions'],
  ['task(), to(), wrap() and all below', 'task/task.ts', 'TaskOptions'],
  ['importTask()', 'task/task.ts', 'ImportTaskOptions'],
  ['startTask()', 'task/task.ts', 'StartTaskOptions'],
  ['toLines()', 'tree/options.ts', 'LinesOptions'],
];

/**
 * Returns the options of an interface, in their order.
 *
 * @param {string} file
 * @param {string} name
 * @returns {readonly { readonly name: string, readonly isRequired: boolean, readonly meaning: string }[]}
 */
export function optionsOf(file, name) {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const start = text.search(new RegExp(`^export interface ${name}\\b`, 'm'));
  if (start < 0) throw new Error(`no interface ${name} in ${file}`);
  const body = text.slice(start, text.indexOf('\n}', start));
  const members = body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+)?^ {2}readonly (\w+)(\??):/gm);
  return [...members].map(([, comment = '', option = '', mark]) => ({
    name: option,
    isRequired: mark !== '?',
    meaning: comment
      .replaceAll(/^\s*\* ?/gm, ' ')
      .replaceAll(/\{@link (\S+?)\}/g, '`$1`')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  }));
}

/** Renders the page. */
export function optionsPage() {
  const sections = SECTIONS.map(([heading, file = '', name = '']) => {
    const rows = optionsOf(file, name).map(
      (option) =>
        `| \`${option.name}\`${option.isRequired ? ' (required)' : ''} | ${option.meaning.replaceAll('|', '\\|')} |`,
    );
    return [`## ${heading}`, '', '| option | meaning |', '|---|---|', ...rows, ''].join('\n');
  });
  const head = [
    '# Options of the SDK',
    '',
    'Every option of the classes and functions of `burstlog` and `burstlog/zeromq`. An option that is `undefined` counts as not',
    'given; an invalid value throws when the object is constructed. This page is generated from the comments in the code (`npm run',
    "docs`). [burst.md](burst.md) and [tasks.md](tasks.md) explain how the options work together; distlogd's are in",
    '[distlogd.md](distlogd.md).',
    '',
  ];
  return `${head.join('\n')}\n${sections.join('\n')}`;
}
