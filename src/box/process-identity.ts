import { readFileSync, readlinkSync } from 'node:fs';

/** If the pid cannot be checked, a process that has not written for this long is considered dead. */
const SILENT_MILLIS = 15_000;

/**
 * Returns the boot id and the start time of a process, which distinguish it from a later one with the same
 * pid.
 * Returns '' if the operating system does not provide them.
 */
export function processMark(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program name, in brackets, may contain any character. The fields after it are separated by spaces.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot}/${started}`;
  } catch {
    return '';
  }
}

/** Returns the pid namespace of this process, or '' if the operating system does not provide it. */
export function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Identifies the process that wrote a file. */
export interface Writer {
  readonly pid: number;
  readonly processMark: string;
  readonly pidNamespace: string;
}

/**
 * Whether the process that wrote a file is still running.
 * @param idleMillis time since the last write to the file
 */
export function isAlive(writer: Writer, idleMillis: number): boolean {
  // A pid of another namespace cannot be checked here. A running process writes once a second.
  if (writer.pidNamespace !== pidNamespace()) return idleMillis < SILENT_MILLIS;
  if (!exists(writer.pid)) return false;
  const mark = processMark(writer.pid);
  // It may have ended between the two looks.
  if (mark === '') return exists(writer.pid);
  return writer.processMark === '' || mark === writer.processMark;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
