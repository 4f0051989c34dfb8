import { command } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { treeCommand } from './tree-command.ts';

export const tree = command({
  name: 'tree',
  summary: 'shows log records as trees of tasks: what each request tried to do, and where it failed',
  details: [
    "Reads OTLP/JSON lines, as the Collector's file exporter and distlogd's file sink write them, from files, from",
    'directories (their *.json, *.jsonl and *.gz) or, without any, from standard input (also named -). Records may',
    'come from many processes, in any order.',
    'Signs: ✔ succeeded, ✘ failed, ⊘ cancelled, ◌ abandoned; … no end seen: it runs, or its end is not here;',
    '⋯ something is not here: held back, lost, or of another source; ↪ a tree that goes on elsewhere.',
    'Exit codes: 65 no readable record, 66 no such file.',
  ],
  words: '[FILE...]',
  options: {
    trace: { type: 'string', value: 'ID', help: 'only the trace whose id begins so' },
    failed: { type: 'boolean', help: 'only trees in which a task failed' },
    unfold: {
      type: 'string',
      value: 'WHICH',
      choices: ['failing', 'all', 'none'],
      help: 'which tasks are opened: failing (default), all, none',
    },
    json: {
      type: 'boolean',
      help: 'one JSON object a line for each task, instead of text; with --unfold all its records too',
    },
    ascii: { type: 'boolean', help: 'for terminals without UTF-8' },
    color: {
      type: 'string',
      value: 'WHEN',
      choices: ['auto', 'always', 'never'],
      help: 'auto (default: on a terminal, unless NO_COLOR is set), always, never',
    },
    width: {
      type: 'string',
      value: 'N',
      help: "cut lines to N columns, from 20 (default: the terminal's; not cut elsewhere)",
    },
  },
  run({ values, words }, io) {
    const { trace, failed, unfold = 'failing', json, ascii, color = 'auto', width } = values;
    const { terminal } = io;
    return treeCommand(
      {
        files: words,
        trace: traceOf(trace),
        failed: failed === true,
        unfold,
        json: json === true,
        ascii: ascii === true,
        color: color === 'auto' ? terminal?.color === true : color === 'always',
        width:
          widthOf(width) ?? (terminal !== undefined && terminal.columns >= 20 ? terminal.columns : undefined),
      },
      io,
    );
  },
});

function traceOf(value: string | undefined): string {
  if (value === undefined) return '';
  const trace = value.toLowerCase();
  if (/^[0-9a-f]{1,32}$/.test(trace)) return trace;
  throw usageError(`--trace must be 1 to 32 hex digits; got ${JSON.stringify(value)}`);
}

function widthOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value) && Number(value) >= 20) return Number(value);
  throw usageError(`--width must be a whole number from 20; got ${JSON.stringify(value)}`);
}
