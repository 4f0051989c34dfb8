import { showSize } from '../text/index.ts';
import { checkListeners, listenersOf } from './relations-listeners.ts';
import { checkSinks } from './relations-sinks.ts';
import type { NamedFile } from './resolve.ts';

/** What the checks of relations see, and where they tell. */
export interface Relations {
  /** A `DaemonConfig` in which values may be missing, because they were wrong and are told already. */
  // biome-ignore lint/suspicious/noExplicitAny: a type of partial everything would be longer than the checks
  readonly config: any;
  /** The data directory, absolute. */
  readonly data: string;
  /** Files that are named somewhere. */
  readonly files: readonly NamedFile[];
  /** Whether the key stands in the file, right or wrong. */
  readonly has: (path: string) => boolean;
  /** Tells a fault at the key that a person would change. */
  readonly fault: (path: string, message: string) => void;
}

/** Checks what keys say together. */
export function checkRelations(relations: Relations): void {
  const listeners = listenersOf(relations.config);
  checkListeners(relations, listeners);
  checkJournal(relations);
  checkSinks(relations, listeners);
}

function checkJournal({ config, fault }: Relations): void {
  const { segmentBytes, maxBytes } = config.journal ?? {};
  if (maxBytes < 2 * segmentBytes) {
    const least = showSize(2 * segmentBytes);
    fault('journal.maxBytes', `at least two segments, ${least}, got ${showSize(maxBytes)}`);
  }
}
