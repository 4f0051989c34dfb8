export { Daemon } from './daemon.ts';
export { neededMemory } from './memory.ts';
export { deadLetterDirectory } from './running-sinks.ts';
