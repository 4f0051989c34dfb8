import { providerWith, RecordProcessor, traceContexts } from './otel.js';
import { DEBUG } from './records.js';

/**
 * Records as the SDK passes them to an exporter: of 16 traces, one resource, one scope.
 *
 * @param {number} count
 * @param {number} attributes 4, or 8
 */
export function sdkRecords(count, attributes) {
  /** @type {import('@opentelemetry/sdk-logs').ReadableLogRecord[]} */
  const records = [];
  const logger = providerWith(new RecordProcessor((record) => records.push(record))).getLogger(
    'bench',
    '1.0.0',
  );
  const contexts = traceContexts(16);
  for (let index = 0; index < count; index += 1) {
    const context = contexts[index % contexts.length];
    logger.emit({
      severityNumber: DEBUG,
      severityText: 'DEBUG',
      body: 'a quiet record of the usual length',
      attributes: attributesOf(index, attributes),
      ...(context && { context }),
    });
  }
  return records;
}

/**
 * @param {number} index
 * @param {number} count
 */
function attributesOf(index, count) {
  const four = { 'http.route': '/a/:b', 'user.id': index, 'cache.hit': true, 'db.statement': 'select 1' };
  const more = {
    'http.method': 'GET',
    'http.status_code': 200,
    'net.peer.ip': '10.0.0.1',
    'duration.ms': 12.5,
  };
  return count === 4 ? four : { ...four, ...more };
}
