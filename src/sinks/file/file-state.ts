import type { BigIntStats } from 'node:fs';

/** Identifies a file: the inode number alone is reused after a file is removed. */
export interface FileIdentity {
  readonly inode: string;
  /** When the inode was created, in nanoseconds since 1970; 0 if the file system does not know. */
  readonly born: string;
}

/** The state of a file sink after a write: the file, and the offset up to which it is valid. */
export interface FileState extends FileIdentity {
  readonly offset: number;
  /** crc-32 of the last {@link TAIL_BYTES} before the offset. */
  readonly tail: number;
  /** When the file was started, in milliseconds since 1970. */
  readonly since: number;
}

export const TAIL_BYTES = 256;

export function identityOf(stats: BigIntStats): FileIdentity {
  return { inode: String(stats.ino), born: String(stats.birthtimeNs) };
}

export function isSame(one: FileIdentity, other: FileIdentity): boolean {
  return one.inode === other.inode && one.born === other.born;
}

/** Parses a state that was read from disk; undefined if it is invalid. */
export function parseFileState(state: unknown): FileState | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { inode, born, offset, tail, since } = state as Record<string, unknown>;
  if (typeof inode !== 'string' || typeof born !== 'string' || typeof tail !== 'number') return undefined;
  if (!Number.isSafeInteger(offset) || (offset as number) < 0 || typeof since !== 'number') return undefined;
  return { inode, born, offset: offset as number, tail, since };
}
