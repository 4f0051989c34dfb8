import { readdir } from 'node:fs/promises';
import type { LoadedConfig } from '../../config/index.ts';
import { deadLetterDirectory } from '../../daemon/index.ts';
import { type DataLayout, dataLayout } from '../../disk/index.ts';
import { listDeadLetters } from '../../sinks/dead-letters/index.ts';
import { askDaemon } from './ask-daemon.ts';

/** The dead letters of one sink. */
export interface DeadLetterSummary {
  readonly sink: string;
  readonly entries: number;
  readonly records: number;
  readonly bytes: number;
  /** The number of entries per rejection cause. */
  readonly causes: Readonly<Record<string, number>>;
  readonly oldestMillis: number;
}

/** Reads all dead letters from their files. */
export async function deadLettersOf(layout: DataLayout): Promise<readonly DeadLetterSummary[]> {
  const summaries: DeadLetterSummary[] = [];
  for (const name of await foldersOf(layout)) {
    const summary = await summaryOf(layout, name);
    if (summary.entries > 0) summaries.push(summary);
  }
  return summaries;
}

/**
 * Requests the running daemon to send the dead letters of a sink again.
 * @returns how many were sent to the sink, and how many remain, including those that were rejected again
 */
export async function replayDeadLetters(
  loaded: LoadedConfig,
  sink: string,
): Promise<{ readonly taken: number; readonly left: number }> {
  const path = `/dlq/replay?sink=${encodeURIComponent(sink)}`;
  const { where, status, body } = await askDaemon(loaded, 'POST', path);
  const answer = parsed(body, where);
  if (status !== 200) throw new Error(answer.error ?? `the daemon at ${where} answered ${status}`);
  return {
    taken: answer.letters ?? 0,
    left: (await summaryOf(dataLayout(loaded.config.data), sink)).entries,
  };
}

async function foldersOf({ deadLetters: folder }: DataLayout): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? sinkOf(entry.name) : [])).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Returns none for a folder that no sink created. */
function sinkOf(folder: string): readonly string[] {
  try {
    return [decodeURIComponent(folder)];
  } catch {
    return [];
  }
}

async function summaryOf(layout: DataLayout, sink: string): Promise<DeadLetterSummary> {
  const causes: Record<string, number> = {};
  const summary = { sink, entries: 0, records: 0, bytes: 0, causes, oldestMillis: Number.POSITIVE_INFINITY };
  for await (const { cause, records, body, timeMillis } of listDeadLetters(
    deadLetterDirectory(layout, sink),
  )) {
    summary.entries += 1;
    summary.records += records;
    summary.bytes += body.length;
    summary.oldestMillis = Math.min(summary.oldestMillis, timeMillis);
    causes[cause] = (causes[cause] ?? 0) + 1;
  }
  return summary;
}

function parsed(body: string, where: string): { readonly letters?: number; readonly error?: string } {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(`the program at ${where} is not this version of distlogd`);
  }
}
