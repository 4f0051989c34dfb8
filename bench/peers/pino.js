import { destination, pino } from 'pino';

/**
 * Pino at level debug, each record written at once, or when so many bytes have come together.
 *
 * @param {number} minLength
 * @returns {(index: number) => void}
 */
export function pinoToNowhere(minLength) {
  return pinoTo('debug', destination({ dest: '/dev/null', minLength, sync: true }));
}

/**
 * Pino at a level, into a stream.
 *
 * @param {string} level
 * @param {import('pino').DestinationStream} stream
 * @returns {(index: number) => void}
 */
export function pinoTo(level, stream) {
  const logger = pino({ level }, stream);
  return (index) =>
    logger.debug(
      { 'http.route': '/a/:b', 'user.id': index, 'cache.hit': true, 'db.statement': 'select 1' },
      'a quiet record of the usual length',
    );
}
