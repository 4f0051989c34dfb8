import type { Writable } from 'node:stream';

const BLOCK_CHARACTERS = 65_536;

/**
 * Writes lines, in blocks, no faster than they are read. When the reader goes away (`| head`), it stops and all
 * is well: whoever closed the pipe has what he wanted.
 */
export async function writeLines(out: Writable, lines: Iterable<string>): Promise<void> {
  let failure: NodeJS.ErrnoException | undefined;
  // Stays for the process: a late EPIPE must find a listener.
  out.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error;
  });
  let block = '';
  const flush = async () => {
    const text = block;
    block = '';
    if (text === '') return;
    await new Promise<void>((resolve) => {
      out.once('close', resolve);
      out.write(text, () => {
        out.off('close', resolve);
        resolve();
      });
    });
  };
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < BLOCK_CHARACTERS) continue;
    await flush();
    if (failure !== undefined) break;
  }
  await flush();
  if (failure !== undefined && failure.code !== 'EPIPE') throw failure;
}
