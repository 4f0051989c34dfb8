import { readFileSync } from 'node:fs';
import type { Program } from './command.ts';

/**
 * The first and last of a program: loads it, runs the command line of this process, and ends the process.
 *
 * It loads the program itself, so that a process that may open no more files says so in one line. It ends the process
 * instead of setting its exit code: a daemon that is ended by force leaves sockets open, which would keep the process.
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
    process.stderr.write(`${name}: the output is not complete: ${error.message}\n`);
    process.exit(ExitCode.OUTPUT);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
    process.stderr.write(`${name}: ${message}; raise the limit of open files (ulimit -n); not started\n`);
    process.exit(1);
  }
}
