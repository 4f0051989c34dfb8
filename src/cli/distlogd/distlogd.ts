import type { Program } from '../command.ts';
import { dlq } from './commands/dlq.ts';
import { keygen } from './commands/keygen.ts';
import { release } from './commands/release.ts';
import { run, type StartDaemon } from './commands/run.ts';
import { status } from './commands/status.ts';
import { test } from './commands/test.ts';
import { validate } from './commands/validate.ts';

/**
 * The program `distlogd` for a given daemon.
 * @param processorProgram the compiled program of a processor
 */
export function distlogd(startDaemon: StartDaemon, processorProgram?: URL): Program {
  return {
    name: 'distlogd',
    commands: [run(startDaemon), validate, test(processorProgram), status, keygen, dlq, release],
  };
}
