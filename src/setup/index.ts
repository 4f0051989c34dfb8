export type { Burstlog, InstrumentationLike, StartOptions } from './options.ts';
export { activeBurstlog, start } from './start.ts';
