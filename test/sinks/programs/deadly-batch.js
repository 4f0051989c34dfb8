// Preloaded into a real daemon (`node --import`): the process dies as soon as a file sink writes a line with
// a record that contains DEADLY. It stands for unexpected faults, such as running out of memory.
import { open } from 'node:fs/promises';

const handle = await open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const write = prototype.write;
/** @param {Uint8Array} bytes @param {unknown[]} rest */
prototype.write = function deadlyWrite(bytes, ...rest) {
  if (Buffer.from(bytes).includes('"stringValue":"DEADLY')) process.kill(process.pid, 'SIGKILL');
  return write.call(this, bytes, ...rest);
};
