// The programs of the compatibility table for a runtime, an OpenTelemetry line or a bundle, and their
// expected output.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { startDistlogd } from './distlogd.js';

/** Longer than any program needs, also on a busy machine. */
const TIMEOUT_MILLIS = 300_000;
const BEFORE_AND_AFTER = /before: 0\n(?:.*\n)*after: 3\n/;

/** @type {Readonly<Record<string, { readonly program: string, readonly printed: RegExp }>>} by column */
export const CAPABILITIES = {
  'start()': {
    program: 'start.mjs',
    printed: /ERROR .*card was declined(?:.*\n)* +.*DEBUG .*check stock(?:.*\n)*.*burst released/,
  },
  'burst processor': { program: 'burst.mjs', printed: BEFORE_AND_AFTER },
  'burst provider': { program: 'deferral.mjs', printed: BEFORE_AND_AFTER },
  'standard output': { program: 'stdout.mjs', printed: /^\{"resourceLogs":.*"an error"[\s\S]*"held"/ },
  pino: { program: 'pino.mjs', printed: /^\{"order":7,"cart":3\}$/m },
  'ZeroMQ, ack': { program: 'zmq-ack.mjs', printed: /^failed: 0$/m },
  'ZeroMQ, push': { program: 'zmq-push.mjs', printed: /^failed: 0$/m },
};

/**
 * @typedef {(program: string, env: NodeJS.ProcessEnv) => { status: number | null, output: string }} Run
 * @typedef {'yes' | 'no' | 'not run' | string} Cell any other text is shown unchanged
 */

/**
 * @param {readonly string[]} command the command that runs a program, and its first arguments
 * @param {string} folder of the programs
 * @param {string} [cwd] if it differs
 * @returns {Run}
 */
export function runnerOf([name = '', ...first], folder, cwd = folder) {
  return (program, env) => {
    const { status, stdout, stderr, error } = spawnSync(name, [...first, join(folder, program)], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      encoding: 'utf8',
      timeout: TIMEOUT_MILLIS,
    });
    return { status, output: `${stdout}${stderr}${error ?? ''}` };
  };
}

/**
 * @param {string} title for messages
 * @param {Run} run
 * @param {Awaited<ReturnType<typeof startDistlogd>>} daemon
 */
export async function cellsOf(title, run, daemon) {
  /** @type {Record<string, Cell>} */
  const cells = {};
  for (const [column, { program, printed }] of Object.entries(CAPABILITIES)) {
    const mark = randomUUID();
    const { status, output } = run(program, { ...daemon.endpoints, MARK: mark });
    const isOver = status === 0 && printed.test(output);
    const isFine = isOver && (!column.startsWith('ZeroMQ') || (await daemon.has(mark)));
    if (!isFine) console.error(`${title}, ${column}: exit code ${status}\n${output}`);
    cells[column] = isFine ? 'yes' : 'no';
  }
  return cells;
}

/**
 * Whether distlogd itself runs: it accepts a record, writes it, and exits.
 *
 * @param {string} title
 * @param {readonly string[]} command
 * @param {string} program the path of distlogd
 * @param {Run} run
 */
export async function distlogdCell(title, command, program, run) {
  const daemon = await startDistlogd(command, program);
  const mark = randomUUID();
  const { output } = run('zmq-ack.mjs', { ...daemon.endpoints, MARK: mark });
  const isWritten = await daemon.has(mark);
  const { exitCode, errors } = await daemon.stop();
  if (!isWritten || exitCode !== 0)
    console.error(`${title}, distlogd: exit code ${exitCode}\n${output}${errors}`);
  return isWritten && exitCode === 0 ? 'yes' : 'no';
}
