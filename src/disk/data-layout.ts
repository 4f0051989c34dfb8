import { join } from 'node:path';

/** Where the daemon's parts keep their files, all below one directory. */
export interface DataLayout {
  /** The directory itself, an absolute path. */
  readonly root: string;
  /** Segments of the journal. */
  readonly journal: string;
  /** Cursors and state of the sinks, a file each. */
  readonly sinks: string;
  /** Dead letters of the sinks, a folder each. */
  readonly deadLetters: string;
  /** The only folder here that file sinks may write to. */
  readonly logs: string;
  /** Holds the number of the directory's format. */
  readonly version: string;
}

/** @param root an absolute path */
export function dataLayout(root: string): DataLayout {
  return {
    root,
    journal: join(root, 'journal'),
    sinks: join(root, 'sinks'),
    deadLetters: join(root, 'dead-letters'),
    logs: join(root, 'logs'),
    version: join(root, 'version'),
  };
}
