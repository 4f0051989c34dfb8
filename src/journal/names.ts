import { UNFINISHED_MANIFEST } from './manifest.ts';

/** Names of the files in a journal's directory. Those of others are left alone. */

const SEGMENT = /^([0-9]{16})\.segment$/;

/** The segment that begins with this entry. Sixteen digits, so that names sort as numbers do. */
export function segmentName(firstIndex: number): string {
  return `${String(firstIndex).padStart(16, '0')}.segment`;
}

/** The index of the first entry, or undefined if this is no segment's name. */
export function firstIndexOf(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A segment is written under this name until its head is on the disk. */
export function unfinishedName(name: string): string {
  return `${name}.new`;
}

export function isUnfinished(name: string): boolean {
  return name.endsWith('.segment.new') || name === UNFINISHED_MANIFEST;
}

/** Where the bytes of a damaged range are kept for a person to look at. */
export function damagedName(name: string, offset: number): string {
  return `${name}.${offset}.damaged`;
}

export function isDamaged(name: string): boolean {
  return name.endsWith('.damaged');
}
