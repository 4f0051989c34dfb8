import type { Accepted, Batch, JournalEntry, Origin } from '../../../src/component/contract.ts';
import type { Journal } from '../../../src/journal/index.ts';

/** A producer's 16 bytes. */
export function producerOf(number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

export function originOf(producer: number, seq: number, prev = seq - 1): Origin {
  return { producer: producerOf(producer), seq, prev };
}

/** A batch whose body contains its label, with a minimum size. */
export function batchOf(text: string, origin?: Origin, bytes = 0): Batch {
  return { body: Buffer.from(text.padEnd(bytes, '.')), records: text.length, origin };
}

export function textOf(entry: JournalEntry): string {
  return Buffer.from(entry.body).toString().replace(/\.+$/, '');
}

/** All entries from `position` to the current end. */
export async function readAll(journal: Journal, position = 1, maxBytes = 4_096): Promise<JournalEntry[]> {
  const reader = journal.reader(position);
  const found: JournalEntry[] = [];
  const end = journal.next;
  while (reader.position < end) {
    found.push(...(await reader.next(maxBytes, new AbortController().signal)));
  }
  return found;
}

export async function texts(journal: Journal, position = 1): Promise<string[]> {
  return (await readAll(journal, position)).map(textOf);
}

export function kinds(answers: readonly Accepted[]): string[] {
  return answers.map(({ kind }) => kind);
}
