export { type Files, nodeFiles, type OpenDirectory, type OpenFile } from './files.ts';
export { Journal } from './journal.ts';
export type { JournalOptions } from './options.ts';
export { journalOptions } from './options.ts';
