export { activeBurstlog } from './active.ts';
export { burstComponent, type ConfigurationComponent, zmqComponent } from './components.ts';
export { withBurstlog } from './node-sdk.ts';
export type { Burstlog, InstrumentationLike, StartOptions } from './options.ts';
export { start } from './start.ts';
