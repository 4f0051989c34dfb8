#!/usr/bin/env node
import { main } from './distlog/main.ts';

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`distlog: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 70;
  },
);
