import { safeText } from '../../text/index.ts';
import { readArguments, type TreeArguments } from './arguments.ts';
import { OK, USAGE } from './exit-codes.ts';
import { help } from './help.ts';
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
    const { exitCode, message } = error as { readonly exitCode?: unknown; readonly message: string };
    if (typeof exitCode !== 'number') throw error;
    const hint = exitCode === USAGE ? '; see distlog --help' : '';
    process.stderr.write(`distlog: ${safeText(message)}${hint}\n`);
    return exitCode;
  }
}
