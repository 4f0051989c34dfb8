import { context } from '@opentelemetry/api';

/** `SeverityNumber` of `@opentelemetry/api-logs`. */
export const DEBUG = 5;
export const INFO = 9;
export const ERROR = 17;

/** The number of records that a trace emits before the next trace has its turn. */
const RECORDS_PER_TURN = 16;

/**
 * A quiet record of typical size: a sentence and four attributes.
 *
 * @param {number} index
 */
export function quietRecord(index) {
  return {
    severityNumber: DEBUG,
    body: 'a quiet record of the usual length',
    attributes: {
      'http.route': '/a/:b',
      'user.id': index,
      'cache.hit': true,
      'db.statement': 'select 1',
    },
  };
}

/**
 * Emits quiet records inside active spans; the traces alternate.
 *
 * @param {import('@opentelemetry/api-logs').Logger} logger
 * @param {readonly import('@opentelemetry/api').Context[]} traces
 * @param {number} count
 */
export function emitQuiet(logger, traces, count) {
  let index = 0;
  const turn = () => {
    const end = Math.min(count, index + RECORDS_PER_TURN);
    for (; index < end; index += 1) logger.emit(quietRecord(index));
  };
  for (let at = 0; index < count; at = at + 1 === traces.length ? 0 : at + 1) {
    context.with(/** @type {import('@opentelemetry/api').Context} */ (traces[at]), turn);
  }
}
