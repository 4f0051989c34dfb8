export { Child, ChildEnded } from './child.ts';
export { type Query, searchWords } from './query.ts';
export type { StoreLimits, StoreTotals } from './store-writer.ts';
