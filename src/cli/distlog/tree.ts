import { existsSync } from 'node:fs';
import { command } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { queryOf, queryOptions } from './query-options.ts';
import { paintOf, showOptions } from './show-options.ts';
import { exitDetails, sourceDetails, sourceOf, sourceOptions } from './source-options.ts';
import { treeCommand } from './tree-command.ts';

export const tree = command({
  name: 'tree',
  summary: 'shows log records as trees of tasks: what each request tried to do, and where it failed',
  details: [
    'TRACE is a trace id, or at least 8 digits of its beginning.',
    ...sourceDetails,
    'Signs: ✔ succeeded, ✘ failed, ⊘ cancelled, ◌ abandoned; … no end seen: it runs, or its end is not here;',
    '⋯ something is not here: held back, lost, or of another source; ↪ a tree that goes on elsewhere; ⇡ a burst.',
    `Exit codes: 65 no readable record, ${exitDetails}`,
  ],
  words: '[TRACE] [FILE...]',
  options: {
    trace: { type: 'string', value: 'ID', help: 'only the trace whose id begins so' },
    'last-failed': {
      type: 'boolean',
      help: 'only the last trace that failed: with an ERROR, a failed task or a burst',
    },
    'last-burst': { type: 'boolean', help: 'only the trace of the last burst' },
    failed: {
      type: 'boolean',
      help: 'only trees in which a task failed, and traces with an ERROR or a burst',
    },
    ...queryOptions,
    unfold: {
      type: 'string',
      value: 'WHICH',
      choices: ['failing', 'all', 'none'],
      help: 'which tasks are opened: failing (default), all, none',
    },
    follow: {
      type: 'boolean',
      short: 'f',
      help: 'shows one trace, and what is added to it, until it has ended',
    },
    json: {
      type: 'boolean',
      help: 'one JSON object a line for each task, instead of text; with --unfold all its records too',
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
    const ways = [...traces, lastFailed, lastBurst].filter((way) => way !== undefined);
    if (ways.length > 1) throw usageError('give one of TRACE, --trace, --last-failed and --last-burst');
    if (follow === true && ways.length === 0) {
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
