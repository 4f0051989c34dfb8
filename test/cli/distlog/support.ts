import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../../src/cli/distlog/program.ts';
import type { Io } from '../../../src/cli/io.ts';
import { runProgram } from '../../../src/cli/run-program.ts';
import { fakeIo } from '../support/fake-io.ts';

/** A folder that is removed after the tests. */
export function tempFolder(): {
  readonly path: string;
  readonly write: (name: string, text: string) => string;
} {
  const path = mkdtempSync(join(tmpdir(), 'distlog-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write: (name, text) => {
      writeFileSync(join(path, name), text);
      return join(path, name);
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Runs `distlog` in this process. */
export async function distlog(args: readonly string[], more: Partial<Io> = {}): Promise<Ran> {
  const { io, out, err } = fakeIo('/');
  const code = await runProgram(program, args, { ...io, ...more });
  return { code, out, err };
}
