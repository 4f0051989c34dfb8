import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of a store: its number, by which partitions follow each other, and its path. */
export interface PartitionFile {
  readonly number: number;
  readonly name: string;
  readonly path: string;
}

const NAME = /^(\d{8})\.db$/;
/** Beside a partition that cannot be used; it holds why. */
const MARK = '.damaged';
/** What SQLite keeps beside a database: the log of what was written last, and its index. */
const SIDES = ['-wal', '-shm', '-journal'];
const ORPHAN = /^(\d{8}\.db)(?:-wal|-shm|-journal|\.damaged)$/;

/** The partitions of a directory, oldest first. Until the process that writes has made it there are none. */
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

/** Size on the disk, with what SQLite keeps beside it; 0: it is gone. */
export function partitionBytes({ path }: PartitionFile): number {
  return ['', ...SIDES].reduce(
    (sum, side) => sum + (statSync(path + side, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/**
 * Says that a partition cannot be used, to those who read, who leave it out from now on, and to the process that writes,
 * which alone may rename it.
 */
export function markDamaged(directory: string, name: string, why: string): void {
  writeFileSync(join(directory, name + MARK), why, { mode: 0o600 });
}

/** Why a partition cannot be used; undefined: nobody has said so. */
export function damageOf({ path }: PartitionFile): string | undefined {
  return ifThere(() => readFileSync(path + MARK, 'utf8'));
}

/** Removes what belongs to a partition that is gone: its removal was cut off, or somebody read it meanwhile. */
export function removeOrphans(directory: string): void {
  for (const name of readdirSync(directory)) {
    const owner = ORPHAN.exec(name)?.[1];
    if (owner !== undefined && !existsSync(join(directory, owner)))
      rmSync(join(directory, name), { force: true });
  }
}

/** Removes a partition. Who reads it at the moment goes on reading it. */
export function removePartition({ path }: PartitionFile): void {
  for (const side of ['', ...SIDES, MARK]) rmSync(path + side, { force: true });
}

/**
 * Gives a partition another name, under which it is no part of the store any more and can be looked into.
 * @returns the new name
 */
export function quarantinePartition({ path, name }: PartitionFile): string {
  let suffix = '.quarantined';
  for (let more = 2; existsSync(path + suffix); more += 1) suffix = `.quarantined-${more}`;
  // The database last: until then it is found again under its old name.
  for (const side of [...SIDES, '']) {
    ifThere(() => renameSync(path + side, `${path}${suffix}${side}`));
  }
  rmSync(path + MARK, { force: true });
  return name + suffix;
}

/** What other processes remove at any time: a reader what is beside a partition, the writer a mark. */
function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
