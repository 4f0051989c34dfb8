import {
  cutText,
  findTaskRows,
  MAX_RECORDS,
  type Notice,
  type TaskRow,
  taskLine,
} from '../../reader/index.ts';
import { parseDuration, safeJson } from '../../text/index.ts';
import { paintLine } from '../../tree/index.ts';
import { command } from '../command.ts';
import { ExitCode, usageError } from '../exit-code.ts';
import { limitOf, queryOf, queryOptions } from './query-options.ts';
import { reading } from './session.ts';
import { paintOf, showOptions } from './show-options.ts';
import { exitDetails, sourceDetails, sourceOf, sourceOptions } from './source-options.ts';

const DEFAULT_LIMIT = 50;

export const tasks = command({
  name: 'tasks',
  summary: 'lists tasks: those that failed, were slow, or still run',
  details: [
    'A line for each: when it began, its outcome, the way to it from the root, how long it took, its service, why it',
    'failed, and its trace, which distlog tree shows. With --failed also the traces without tasks that have an ERROR.',
    ...sourceDetails,
    `Exit codes: 1 there are none, ${exitDetails}`,
  ],
  words: '[FILE...]',
  options: {
    failed: { type: 'boolean', help: 'only where a failure began that nobody expected' },
    slow: { type: 'string', value: 'TIME', help: 'only those that took as long or longer: 2s, 500ms' },
    running: { type: 'boolean', help: 'only those without an end' },
    ...queryOptions,
    limit: {
      type: 'string',
      value: 'N',
      help: `so many tasks at most, the newest (default: ${DEFAULT_LIMIT})`,
    },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['pretty', 'json'],
      help: 'pretty (default), or json: an object a line for each task',
    },
    ...showOptions,
    ...sourceOptions,
  },
  async run({ values, words: files }, io) {
    const { failed, running, slow } = values;
    const choice = { failed: failed === true, running: running === true, slowSeconds: secondsOf(slow) };
    const limit = limitOf(values.limit, MAX_RECORDS, DEFAULT_LIMIT);
    const query = await queryOf(values);
    const paint = paintOf(values, io);
    const { source, clear } = sourceOf(values, files, io);
    return await reading(io, async (signal, onNotice) => {
      let hasMore = false;
      const heard = (notice: Notice) => {
        if (notice.notice === 'more') hasMore = true;
        else onNotice(notice);
      };
      const rows = await findTaskRows(source, query, choice, limit, heard, signal);
      clear();
      const shown = rows.slice(-limit);
      if (values.format === 'json') await io.lines(shown.map(jsonRow));
      else await io.pages(shown.map((row) => paintLine(taskLine(row, paint), 0, paint)));
      if (shown.length < rows.length) io.err(`distlog: ${cutText(shown.length, rows.length, 'task')}`);
      else if (hasMore) io.err('distlog: there may be more; --since and --until choose a time');
      if (shown.length > 0) return ExitCode.OK;
      io.err(`distlog: ${failed === true ? 'nothing failed' : 'no task fits'}`);
      return ExitCode.FAILED;
    });
  },
});

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const millis = parseDuration(text);
  if (millis !== undefined) return millis / 1e3;
  throw usageError(`--slow must be a duration such as 2s; got ${JSON.stringify(text)}`);
}

function jsonRow({ seconds, nanos, isExpected, ...row }: TaskRow): string {
  const timeUnixNano = String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  return safeJson({ timeUnixNano, ...row, expected: isExpected || undefined });
}
