import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of a store: its number, which orders the partitions, and its path. */
export interface PartitionFile {
  readonly number: number;
  readonly name: string;
  readonly path: string;
}

const NAME = /^(\d{8})\.db$/;
/** The suffix of the file beside an unusable partition. It contains the reason. */
const MARK = '.damaged';
/**
 * The suffixes of SQLite's files beside a database: the write-ahead log and its index, and the rollback
 * journal.
 */
const SIDES = ['-wal', '-shm', '-journal'];
const ORPHAN = /^(\d{8}\.db)(?:-wal|-shm|-journal|\.damaged)$/;

/**
 * The partitions of a directory, oldest first. Empty if the writing process has not created the directory
 * yet.
 */
export function partitionFiles(directory: string): PartitionFile[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [partitionFile(directory, Number(number))];
    })
    .sort((one, other) => one.number - other.number);
}

export function partitionFile(directory: string, number: number): PartitionFile {
  const name = `${String(number).padStart(8, '0')}.db`;
  return { number, name, path: join(directory, name) };
}

/** The size on disk, including SQLite's files beside it; 0 if the partition does not exist. */
export function partitionBytes({ path }: PartitionFile): number {
  return ['', ...SIDES].reduce(
    (sum, side) => sum + (statSync(path + side, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** Marks a partition as damaged. Readers skip it from then on; only the writing process may rename it. */
export function markDamaged(directory: string, name: string, why: string): void {
  writeFileSync(join(directory, name + MARK), why, { mode: 0o600 });
}

/** Why a partition cannot be used; undefined if no process has marked it as damaged. */
export function damageOf({ path }: PartitionFile): string | undefined {
  return ifThere(() => readFileSync(path + MARK, 'utf8'));
}

/**
 * Removes files beside partitions that no longer exist: a removal was interrupted, or a reader created them
 * meanwhile.
 */
export function removeOrphans(directory: string): void {
  for (const name of readdirSync(directory)) {
    const owner = ORPHAN.exec(name)?.[1];
    if (owner !== undefined && !existsSync(join(directory, owner)))
      rmSync(join(directory, name), { force: true });
  }
}

/** Removes a partition. A reader that has it open can continue to read it. */
export function removePartition({ path }: PartitionFile): void {
  for (const side of ['', ...SIDES, MARK]) rmSync(path + side, { force: true });
}

/**
 * Renames a partition, so that it is no longer part of the store and can be inspected.
 * @returns the new name
 */
export function quarantinePartition({ path, name }: PartitionFile): string {
  let suffix = '.quarantined';
  for (let more = 2; existsSync(path + suffix); more += 1) suffix = `.quarantined-${more}`;
  // The database comes last: if this is interrupted, the partition is found again under its old name.
  for (const side of [...SIDES, '']) {
    ifThere(() => renameSync(path + side, `${path}${suffix}${side}`));
  }
  rmSync(path + MARK, { force: true });
  return name + suffix;
}

/**
 * Ignores a missing file: readers remove the files beside a partition, and the writer removes marks, at any
 * time.
 */
function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
