import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Environment } from '../config/index.ts';
import { writeLines } from './write-lines.ts';

/**
 * Writes lines. If they do not fit on the terminal, they are sent to the pager: `DISTLOG_PAGER`, `PAGER` or
 * `less`. `cat` and an empty variable disable the pager. If it cannot be started, the lines are written
 * directly.
 */
export async function writePages(
  out: NodeJS.WriteStream,
  lines: Iterable<string>,
  environment: Environment,
): Promise<void> {
  const pager = environment.DISTLOG_PAGER ?? environment.PAGER ?? 'less';
  if (!out.isTTY || ['', 'cat'].includes(pager.trim())) return writeLines(out, lines);
  const first: string[] = [];
  const all = lines[Symbol.iterator]();
  while (first.length < (out.rows ?? 24)) {
    const { done, value } = all.next();
    if (done === true) return writeLines(out, first);
    first.push(value);
  }
  const reader = await started(pager, environment);
  if (reader === undefined) return writeLines(out, joined(first, all));
  await page(reader, joined(first, all));
}

function* joined(first: readonly string[], rest: Iterator<string>): Generator<string> {
  yield* first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

/** @param command a program and its options, separated by spaces */
async function started(
  command: string,
  environment: Environment,
): Promise<ChildProcessByStdio<Writable, null, null> | undefined> {
  const [program = '', ...options] = command.trim().split(/\s+/);
  // F: ends if all fits on the screen; R: shows colors; X: leaves the text on the screen.
  const env = { ...environment, LESS: environment.LESS ?? 'FRX' };
  const child = spawn(program, options, { env, stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.on('error', () => {});
  try {
    await once(child, 'spawn');
    return child;
  } catch {
    return undefined;
  }
}

async function page(
  child: ChildProcessByStdio<Writable, null, null>,
  lines: Iterable<string>,
): Promise<void> {
  const closed = new Promise((done) => child.once('close', done));
  // The pager handles Ctrl-C.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    await writeLines(child.stdin, lines);
    child.stdin.end();
    await closed;
  } finally {
    process.off('SIGINT', ignore);
  }
}
