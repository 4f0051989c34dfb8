/** `burstlog/pino`: quiet calls of pino are held before anything is serialized. */
export type { PinoHooks, PinoHooksLike, PinoOptionsLike, WithBurstlogOptions } from './pino/with-burstlog.ts';
export { withBurstlog } from './pino/with-burstlog.ts';
