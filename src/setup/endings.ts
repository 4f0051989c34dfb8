import { ENDING, type EndingAware, installShutdownHooks, type ShutdownTarget } from '../box/index.ts';
import { UNDELIVERED, type Undelivered, undeliveredOf } from '../record/index.ts';
import type { Burstlog } from './options.ts';
import type { Parts } from './started.ts';

/**
 * Exports the last records for every end of the process that JavaScript can observe, see
 * `installShutdownHooks()`. After a crash, held records are released first.
 * @param fallback where records are written that can no longer be exported
 * @returns a function that removes the hooks
 */
export function exportAtEnd(
  started: Burstlog,
  { burst, logs, processors = [] }: Parts,
  fallback: string | undefined,
): () => void {
  const aware = burst as Partial<EndingAware> | undefined;
  const target: ShutdownTarget & EndingAware & Undelivered = {
    forceFlush: started.forceFlush,
    shutdown: started.shutdown,
    [ENDING]: (ending) => aware?.[ENDING]?.(ending),
    [UNDELIVERED]: () => [burst, ...processors].flatMap(undeliveredOf),
  };
  const maker = logs && { getLogger: (name: string) => logs.getLogger(name) };
  return installShutdownHooks(Object.assign(target, maker), {
    fallback: fallback === undefined || fallback === 'stderr' ? fallback : { file: fallback },
  });
}
