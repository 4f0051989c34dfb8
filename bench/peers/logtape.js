import { configureSync, fingersCrossed, getLogger } from '@logtape/logtape';

const CONTEXTS = 64;

/**
 * LogTape's `fingersCrossed` sink: 1,000 records of all, or 16 of each of 64 contexts.
 *
 * @param {{ byContext?: boolean, withFields?: boolean }} how
 * @returns {(index: number) => void}
 */
export function logTape({ byContext = false, withFields = true }) {
  const sink = byContext
    ? fingersCrossed(() => {}, { maxBufferSize: 16, isolateByContext: { keys: ['traceId'] } })
    : fingersCrossed(() => {}, { maxBufferSize: 1_000 });
  configureSync({
    sinks: { sink },
    loggers: [
      { category: 'bench', lowestLevel: 'debug', sinks: ['sink'] },
      { category: ['logtape', 'meta'], lowestLevel: 'error', sinks: [] },
    ],
  });
  const logger = getLogger('bench');
  const loggers = Array.from({ length: CONTEXTS }, (_, context) =>
    byContext ? logger.with({ traceId: context.toString(16).padStart(32, '0') }) : logger,
  );
  if (!withFields) return () => logger.debug('a quiet record of the usual length');
  return (index) => {
    const at = (index >> 4) % CONTEXTS;
    loggers[at]?.debug('a quiet record of the usual length', {
      'http.route': '/a/:b',
      'user.id': index,
      'cache.hit': true,
      'db.statement': 'select 1',
    });
  };
}
