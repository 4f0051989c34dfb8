// The process of a store, which is killed within its work: when it gets a batch with the word DEADLY, or
// opens the second partition while the file named in DEADLY_OPEN exists.
import fs, { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** @type {any} */
const files = fs;
const { readSync, writeSync } = files;
const deadlyOpen = process.env.DEADLY_OPEN;

files.readSync = (/** @type {any[]} */ ...call) => {
  const read = readSync(...call);
  if (Buffer.from(call[1]).includes('DEADLY')) process.kill(process.pid, 'SIGKILL');
  return read;
};
files.writeSync = (/** @type {any[]} */ ...call) => {
  const written = writeSync(...call);
  const said = Buffer.from(call[1]);
  const isFatal = deadlyOpen !== undefined && existsSync(deadlyOpen);
  if (isFatal && said.includes('"at"') && said.includes('00000002.db')) {
    process.kill(process.pid, 'SIGSEGV');
  }
  return written;
};
syncBuiltinESMExports();
await import(new URL('../../../../dist/esm/store/store-program.js', import.meta.url).href);
