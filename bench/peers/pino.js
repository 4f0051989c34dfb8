import { destination, pino } from 'pino';

/**
 * Pino at level debug, each record written at once, or when so many bytes have come together.
 *
 * @param {number} minLength
 * @returns {(index: number) => void}
 */
export function pinoToNowhere(minLength) {
  const logger = pino({ level: 'debug' }, destination({ dest: '/dev/null', minLength, sync: true }));
  return (index) =>
    logger.debug(
      { 'http.route': '/a/:b', 'user.id': index, 'cache.hit': true, 'db.statement': 'select 1' },
      'a quiet record of the usual length',
    );
}
