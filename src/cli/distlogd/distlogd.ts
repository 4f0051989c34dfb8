import type { Program } from '../command.ts';
import { dlq } from './commands/dlq.ts';
import { keygen } from './commands/keygen.ts';
import { release } from './commands/release.ts';
import { run, type StartDaemon } from './commands/run.ts';
import { status } from './commands/status.ts';
import { test } from './commands/test.ts';
import { validate } from './commands/validate.ts';

/** The program `distlogd` around a daemon. */
export function distlogd(startDaemon: StartDaemon): Program {
  return { name: 'distlogd', commands: [run(startDaemon), validate, test, status, keygen, dlq, release] };
}
