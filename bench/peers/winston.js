import { Writable } from 'node:stream';
import { OpenTelemetryTransportV3 } from '@opentelemetry/winston-transport';
import winston from 'winston';

/**
 * Winston at a level, as JSON into a stream that discards everything.
 *
 * @param {string} level
 */
export function winstonToNowhere(level) {
  return debugCalls([nowhere(level)]);
}

/**
 * Winston at level debug, with OpenTelemetry's transport, which the instrumentation adds, as the only debug
 * transport.
 */
export function winstonHeld() {
  return debugCalls([nowhere('info'), new OpenTelemetryTransportV3()]);
}

/** @param {string} level */
function nowhere(level) {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  return new winston.transports.Stream({ stream, level });
}

/**
 * @param {import('winston').transport[]} transports
 * @returns {(index: number) => void}
 */
function debugCalls(transports) {
  const logger = winston.createLogger({ level: 'debug', format: winston.format.json(), transports });
  return (index) => {
    logger.debug('a quiet record of the usual length', {
      'http.route': '/a/:b',
      'user.id': index,
      'cache.hit': true,
      'db.statement': 'select 1',
    });
  };
}
