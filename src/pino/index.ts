export {
  type PinoHooks,
  type PinoHooksLike,
  type PinoOptionsLike,
  type WithBurstlogOptions,
  withBurstlog,
} from './with-burstlog.ts';
