export { Daemon, type DaemonContext } from './daemon.ts';
export type { LoadedConfig } from './loaded-config.ts';
export { neededMemory } from './memory.ts';
export { deadLetterDirectory } from './running-sinks.ts';
