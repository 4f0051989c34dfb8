import { start } from './start.ts';

/** What loading `burstlog/register` started. */
export const burstlog = start();
