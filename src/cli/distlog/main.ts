import { plain } from '../../tree/index.ts';
import { readArguments, type TreeArguments, UsageError } from './arguments.ts';
import { NO_INPUT, OK, USAGE } from './exit-codes.ts';
import { help } from './help.ts';
import { NoInputError } from './sources.ts';
import { treeCommand } from './tree-command.ts';
import { writeLines } from './write-lines.ts';

/**
 * The program.
 * @param args without node and the file
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options: TreeArguments | undefined = readArguments(args);
    if (options !== undefined) return await treeCommand(options);
    await writeLines(process.stdout, [help.trimEnd()]);
    return OK;
  } catch (error) {
    if (error instanceof UsageError) return end(`${error.message}; see distlog --help`, USAGE);
    if (error instanceof NoInputError) return end(error.message, NO_INPUT);
    throw error;
  }
}

function end(message: string, code: number): number {
  process.stderr.write(`distlog: ${plain(message)}\n`);
  return code;
}
