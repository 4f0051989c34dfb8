import type { Program } from '../command.ts';
import { completion } from '../completion.ts';
import { box } from './box.ts';
import { bursts } from './bursts.ts';
import { doctor } from './doctor.ts';
import { find } from './find.ts';
import { mcp } from './mcp/mcp.ts';
import { tail } from './tail.ts';
import { tasks } from './tasks.ts';
import { tree } from './tree.ts';

const reading: Program = { name: 'distlog', commands: [tail, find, tree, tasks, bursts, box, doctor, mcp] };

/** The program `distlog`. */
export const program: Program = { ...reading, commands: [...reading.commands, completion(reading)] };
