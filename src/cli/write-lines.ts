import type { Writable } from 'node:stream';

const BLOCK_CHARACTERS = 65_536;

/**
 * Writes lines in blocks, with backpressure. Stops if the stream fails, for example when its reader has
 * closed it.
 */
export async function writeLines(out: Writable, lines: Iterable<string>): Promise<void> {
  let block = '';
  for (const line of lines) {
    block += `${line}\n`;
    if (block.length < BLOCK_CHARACTERS) continue;
    if (!(await written(out, block))) return;
    block = '';
  }
  if (block !== '') await written(out, block);
}

/** @returns whether the text was written; the stream's error listener receives other errors */
function written(out: Writable, text: string): Promise<boolean> {
  if (out.errored || out.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const closed = () => resolve(false);
    out.once('close', closed);
    out.write(text, (error) => {
      out.off('close', closed);
      resolve(error == null);
    });
  });
}
