import { readFileSync } from 'node:fs';

/** The memory of a process that is in RAM, bytes (Linux). @param {number | undefined} pid */
export function residentBytes(pid) {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1_024;
}
