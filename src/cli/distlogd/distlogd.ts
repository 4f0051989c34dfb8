import type { Program } from '../command.ts';
import { dlq } from './commands/dlq.ts';
import { keygen } from './commands/keygen.ts';
import { release } from './commands/release.ts';
import { run, type StartDaemon } from './commands/run.ts';
import { status } from './commands/status.ts';
import { test } from './commands/test.ts';
import { validate } from './commands/validate.ts';

/**
 * The program `distlogd` around a daemon.
 * @param processorProgram where the compiled program of a processor is
 */
export function distlogd(startDaemon: StartDaemon, processorProgram?: URL): Program {
  return {
    name: 'distlogd',
    commands: [run(startDaemon), validate, test(processorProgram), status, keygen, dlq, release],
  };
}
