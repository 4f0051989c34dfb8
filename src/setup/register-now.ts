import { start } from './start.ts';

/** The setup that loading `burstlog/register` starts. */
export const burstlog = start();
