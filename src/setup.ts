/** `burstlog/setup`: OpenTelemetry with bursts, in one line. */
export type { Burstlog, InstrumentationLike, StartOptions } from './setup/options.ts';
export { activeBurstlog, start } from './setup/start.ts';
