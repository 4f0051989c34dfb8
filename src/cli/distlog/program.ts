import type { Program } from '../command.ts';
import { tree } from './tree.ts';

/** The reader's tool. */
export const program: Program = { name: 'distlog', commands: [tree] };
