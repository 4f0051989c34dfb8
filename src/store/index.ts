export { ChildEnded } from './child.ts';
export type { StoreCursor } from './partition-writer.ts';
export { type Query, searchWords } from './query.ts';
export { StoreProcess, type StoreProcessOptions } from './store-process.ts';
export { type ReadOptions, StoreReaders, type StoreReadersOptions } from './store-readers.ts';
export type { StoreEntry, StoreLimits, Written } from './store-writer.ts';
