import { Daemon } from '../../daemon/index.ts';
import type { Program } from '../command.ts';
import { distlogd } from './distlogd.ts';

const storeProgram = new URL('../../store/store-program.js', import.meta.url);
const processorProgram = new URL('../../processors/processor-program.js', import.meta.url);

/** The daemon, with the locations of its other program files. */
export const program: Program = distlogd(
  (loaded, { version }) => Daemon.start(loaded, { version, storeProgram, processorProgram }),
  processorProgram,
);
