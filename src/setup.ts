/** `burstlog/setup`: sets up OpenTelemetry with burst logging in one call. */
export { activeBurstlog } from './setup/active.ts';
export { burstComponent, type ConfigurationComponent, zmqComponent } from './setup/components.ts';
export { withBurstlog } from './setup/node-sdk.ts';
export type { Burstlog, InstrumentationLike, StartOptions } from './setup/options.ts';
export { start } from './setup/start.ts';
