import { ENDING, type EndingAware, installShutdownHooks, type ShutdownTarget } from '../box/index.ts';
import type { Burstlog } from './options.ts';
import type { Parts } from './started.ts';

/**
 * Exports the last records however JavaScript sees the process end, see `installShutdownHooks()`: after a crash what is
 * held is released first.
 * @returns a function that removes the hooks
 */
export function exportAtEnd(started: Burstlog, { burst, logs }: Parts): () => void {
  const aware = burst as Partial<EndingAware> | undefined;
  const target: ShutdownTarget & EndingAware = {
    forceFlush: started.forceFlush,
    shutdown: started.shutdown,
    [ENDING]: (ending) => aware?.[ENDING]?.(ending),
  };
  const maker = logs && { getLogger: (name: string) => logs.getLogger(name) };
  return installShutdownHooks(Object.assign(target, maker));
}
