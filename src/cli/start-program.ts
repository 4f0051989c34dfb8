import { readFileSync } from 'node:fs';
import type { Program } from './command.ts';

/**
 * The entry point of a program: loads it, runs the command line of this process, and ends the process.
 *
 * It loads the program dynamically, so that a process that cannot open more files reports that in one line.
 * It calls `process.exit()` instead of setting the exit code: a daemon that is forced to end leaves sockets
 * open, which would keep the process alive.
 */
export async function startProgram(
  name: string,
  load: () => Promise<{ readonly program: Program }>,
): Promise<never> {
  try {
    const [{ program }, { runProgram }, { processIo }, { ExitCode }] = await Promise.all([
      load(),
      import('./run-program.ts'),
      import('./io.ts'),
      import('./exit-code.ts'),
    ]);
    const page = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    const io = processIo((JSON.parse(page) as { readonly version: string }).version);
    const code = await runProgram(program, process.argv.slice(2), io);
    const error = await io.outputError();
    if (error === undefined) process.exit(code);
    process.stderr.write(`${name}: the output is incomplete: ${error.message}\n`);
    process.exit(ExitCode.OUTPUT);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
    process.stderr.write(`${name}: ${message}; not started; raise the limit of open files (ulimit -n)\n`);
    process.exit(1);
  }
}
