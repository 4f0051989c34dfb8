import { existsSync } from 'node:fs';
import { command } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { queryOf, queryOptions } from './query-options.ts';
import { paintOf, showOptions } from './show-options.ts';
import { exitDetails, sourceDetails, sourceOf, sourceOptions } from './source-options.ts';
import { treeCommand } from './tree-command.ts';

export const tree = command({
  name: 'tree',
  summary: 'shows log records as trees of tasks: what each request did, and where it failed',
  details: [
    'TRACE is a trace id, or at least its first 8 digits.',
    ...sourceDetails,
    'Symbols: ✔ succeeded, ✘ failed, ⊘ cancelled, ◌ abandoned; … no end: still running, or the end is missing;',
    '⋯ missing: held, lost, or in another source; ↪ a tree that continues elsewhere; ⇡ a burst.',
    `Exit codes: 65 no readable record, ${exitDetails}`,
  ],
  words: '[TRACE] [FILE...]',
  options: {
    trace: { type: 'string', value: 'ID', help: 'only the trace whose id starts with ID' },
    'last-failed': {
      type: 'boolean',
      help: 'only the last failed trace: with an ERROR, a failed task or a burst',
    },
    'last-burst': { type: 'boolean', help: 'only the trace of the last burst' },
    failed: {
      type: 'boolean',
      help: 'only trees with a failed task, and traces with an ERROR or a burst',
    },
    ...queryOptions,
    unfold: {
      type: 'string',
      value: 'WHICH',
      choices: ['failing', 'all', 'none'],
      help: 'which tasks are unfolded: failing (default), all, none',
    },
    follow: {
      type: 'boolean',
      short: 'f',
      help: 'shows one trace as it grows, until it has ended',
    },
    json: {
      type: 'boolean',
      help: 'prints one JSON object per line and task instead of text; with --unfold all, including its records',
    },
    ...showOptions,
    ...sourceOptions,
  },
  async run({ values, words }, io) {
    const {
      failed,
      follow,
      unfold = 'failing',
      json,
      'last-failed': lastFailed,
      'last-burst': lastBurst,
    } = values;
    const [first] = words;
    const isTrace = first !== undefined && /^[0-9a-f]{8,32}$/i.test(first) && !existsSync(first);
    const traces = [isTrace ? first : undefined, values.trace].filter((trace) => trace !== undefined);
    const selections = [...traces, lastFailed, lastBurst].filter((each) => each !== undefined);
    if (selections.length > 1)
      throw usageError('TRACE, --trace, --last-failed and --last-burst exclude each other');
    if (follow === true && selections.length === 0) {
      throw usageError('--follow needs a trace: TRACE, --last-failed or --last-burst');
    }
    const query = await queryOf(values);
    const paint = paintOf(values, io);
    const files = isTrace ? words.slice(1) : words;
    const isHeld = lastFailed === true || lastBurst === true;
    const { source, clear } = sourceOf(values, files, io, { holdsInput: isHeld });
    return await treeCommand(
      {
        source,
        clear,
        query: { ...query, traceId: traceOf(traces[0]), limit: Number.POSITIVE_INFINITY },
        last: lastFailed === true ? 'failures' : lastBurst === true ? 'bursts' : undefined,
        failed: failed === true,
        follow: follow === true,
        unfold,
        json: json === true,
        paint,
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
