import { Writable } from 'node:stream';
import winston from 'winston';

/**
 * Winston at level debug, as JSON into a stream that keeps nothing.
 *
 * @returns {(index: number) => void}
 */
export function winstonToNowhere() {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const logger = winston.createLogger({
    level: 'debug',
    format: winston.format.json(),
    transports: [new winston.transports.Stream({ stream })],
  });
  return (index) => {
    logger.debug('a quiet record of the usual length', {
      'http.route': '/a/:b',
      'user.id': index,
      'cache.hit': true,
      'db.statement': 'select 1',
    });
  };
}
