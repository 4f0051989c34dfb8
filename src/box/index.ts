export { ENDING, type Ending, type EndingAware, endingText, isFailure } from './ending.ts';
export { installShutdownHooks, type ShutdownHookOptions, type ShutdownTarget } from './shutdown-hooks.ts';
