import { readFileSync, readlinkSync } from 'node:fs';

/** Where a process that stopped writing signs is taken for dead, because its process id says nothing here. */
const SILENT_MILLIS = 15_000;

/** What distinguishes a process from a later one with the same id: boot and start time. '' where the system does not say. */
export function processMark(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in brackets, may hold anything. What follows it is separated by spaces.
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${boot}/${started}`;
  } catch {
    return '';
  }
}

/** In which container, so to speak, process ids are counted. '' where the system does not say. */
export function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** What is known of the process that wrote a file. */
export interface Writer {
  readonly pid: number;
  readonly processMark: string;
  readonly pidNamespace: string;
}

/**
 * Whether the process of a file still runs.
 * @param idleMillis how long ago the file was written to
 */
export function isAlive(writer: Writer, idleMillis: number): boolean {
  // Process ids of another container say nothing here. A running process writes once a second.
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
