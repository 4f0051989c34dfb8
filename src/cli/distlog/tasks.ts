import { findTaskRows, type TaskRow, taskLine } from '../../reader/index.ts';
import { parseDuration, safeJson } from '../../text/index.ts';
import { command } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { listOptions, listRows } from './list-command.ts';
import { exitDetails, sourceDetails } from './source-options.ts';

export const tasks = command({
  name: 'tasks',
  summary: 'lists tasks, such as those that failed, were slow, or are still running',
  details: [
    'One line each: start time, outcome, path from the root, duration, service, reason of the failure, and trace,',
    'which distlog tree shows. --failed also lists traces without tasks that have an ERROR.',
    ...sourceDetails,
    `Exit codes: 1 no tasks, ${exitDetails}`,
  ],
  words: '[FILE...]',
  options: {
    failed: { type: 'boolean', help: 'only tasks in which an unexpected failure originated' },
    slow: { type: 'string', value: 'TIME', help: 'only tasks that took at least this long: 2s, 500ms' },
    running: { type: 'boolean', help: 'only tasks without an end' },
    ...listOptions('task'),
  },
  async run({ values, words: files }, io) {
    const { failed, running, slow } = values;
    const choice = { failed: failed === true, running: running === true, slowSeconds: secondsOf(slow) };
    return await listRows<TaskRow>(values, files, io, {
      kind: 'task',
      none: choice.failed ? 'nothing failed' : 'no matching task',
      find: (source, query, limit, onNotice, signal) =>
        findTaskRows(source, query, choice, limit, onNotice, signal),
      line: taskLine,
      json: jsonRow,
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
