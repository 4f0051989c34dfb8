import { readFileSync } from 'node:fs';

/** Returns the resident memory of a process in bytes (Linux). @param {number | undefined} pid */
export function residentBytes(pid) {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1_024;
}
