/** `burstlog/pino`: holds quiet pino calls before anything is serialized. */
export type { PinoHooks, PinoHooksLike, PinoOptionsLike, WithBurstlogOptions } from './pino/with-burstlog.ts';
export { withBurstlog } from './pino/with-burstlog.ts';
