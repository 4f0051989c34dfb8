import { Logger } from '@aws-lambda-powertools/logger';

/** Space for about 1,000 records of one invocation. */
const MAX_BYTES = 300_000;

/**
 * The log buffer of Powertools for AWS Lambda. It keeps JSON text, by the trace id in the environment.
 *
 * @returns {(index: number) => void}
 */
export function powertools() {
  const logger = new Logger({
    serviceName: 'bench',
    logLevel: 'ERROR',
    logBufferOptions: { enabled: true, maxBytes: MAX_BYTES, bufferAtVerbosity: 'DEBUG' },
  });
  return (index) =>
    logger.debug('a quiet record of the usual length', {
      'http.route': '/a/:b',
      'user.id': index,
      'cache.hit': true,
      'db.statement': 'select 1',
    });
}
