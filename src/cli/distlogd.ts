#!/usr/bin/env node
// Imports the program when it runs, so that a process that may open no more files says so in one line.
try {
  await import('./distlogd/program.ts');
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'EMFILE' && code !== 'ENFILE') throw error;
  process.stderr.write(`distlogd: ${message}; raise the limit of open files (ulimit -n); not started\n`);
  process.exit(1);
}
