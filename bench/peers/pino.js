import { destination, pino } from 'pino';

/**
 * Pino at level debug; records are written at once, or when this many bytes are buffered.
 *
 * @param {number} minLength
 * @returns {(index: number) => void}
 */
export function pinoToNowhere(minLength) {
  return pinoTo('debug', destination({ dest: '/dev/null', minLength, sync: true }));
}

/**
 * Pino at a level, or with other options, into a stream.
 *
 * @param {string | import('pino').LoggerOptions} options
 * @param {import('pino').DestinationStream} stream
 */
export function pinoTo(options, stream) {
  return debugCalls(pino(typeof options === 'string' ? { level: options } : options, stream));
}

/**
 * @param {import('pino').Logger} logger
 * @returns {(index: number) => void}
 */
function debugCalls(logger) {
  return (index) =>
    logger.debug(
      { 'http.route': '/a/:b', 'user.id': index, 'cache.hit': true, 'db.statement': 'select 1' },
      'a quiet record of the usual length',
    );
}
