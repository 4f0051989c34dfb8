import { findTaskRows, type TaskRow, taskLine } from '../../reader/index.ts';
import { parseDuration, safeJson } from '../../text/index.ts';
import { command } from '../command.ts';
import { usageError } from '../exit-code.ts';
import { listOptions, listRows } from './list-command.ts';
import { exitDetails, sourceDetails } from './source-options.ts';

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
    ...listOptions('task'),
  },
  async run({ values, words: files }, io) {
    const { failed, running, slow } = values;
    const choice = { failed: failed === true, running: running === true, slowSeconds: secondsOf(slow) };
    return await listRows<TaskRow>(values, files, io, {
      kind: 'task',
      none: choice.failed ? 'nothing failed' : 'no task fits',
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
