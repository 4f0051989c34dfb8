import { encodeDecoded } from '../../build/otlp/index.js';

const WORDS =
  'account address answer bank basket card cart charge checkout close connect customer deliver deny discount order ' +
  'invoice item login pack pay price queue refund request reserve retry return save send session ship stock store tax ' +
  'timeout token transfer user validate wait';
const words = WORDS.split(' ');
const none = { droppedAttributesCount: 0, schemaUrl: '' };
/** The number of consecutive records of a trace. */
export const TRACE_RECORDS = 1_000;
export const BATCH = 512;

/** The id of a trace. @param {number} index */
export function traceId(index) {
  return `4bf92f3577b34da6a3ce${(index + 1).toString(16).padStart(12, '0')}`;
}

/**
 * A request as a batch processor sends it: sentences with different numbers, six attributes.
 *
 * @param {number} first the number of its first record
 * @param {number} [count]
 */
export function requestOf(first, count = BATCH) {
  const records = Array.from({ length: count }, (_, at) => record(first + at));
  const scope = { ...none, name: 'orders', version: '1.0.0', attributes: [], records };
  const attributes = /** @type {[string, string][]} */ ([
    ['service.name', 'checkout'],
    ['service.version', '4.11.0'],
    ['host.name', 'web-7'],
    ['process.runtime.name', 'nodejs'],
  ]);
  return encodeDecoded({ resources: [{ ...none, attributes, scopes: [scope] }] });
}

/** @param {number} index */
function record(index) {
  const time = 1_796_000_000_000_000_000n + BigInt(index) * 25_000n;
  // Distributes words as in real texts: some are in every tenth record, some in every thousandth.
  const word = (/** @type {number} */ step) =>
    words[Math.floor((index * step) % (words.length * 7)) % words.length];
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: index % 100 === 0 ? 17 : index % 10 === 0 ? 9 : 5,
    severityText: '',
    body: `${word(3)} ${word(11)}: order ${index} of ${word(17)} ${word(29)}`,
    attributes: /** @type {[string, string | number | boolean][]} */ ([
      ['http.route', '/orders/:id'],
      ['user.id', `user-${(index * 7_919) % 50_000}`],
      ['order.id', index],
      ['cache.hit', index % 3 === 0],
      ['db.statement', 'select * from orders where id = ?'],
      ['duration.ms', (index * 31) % 5_000],
    ]),
    droppedAttributesCount: 0,
    flags: 1,
    traceId: traceId(Math.floor(index / TRACE_RECORDS)),
    spanId: (index + 1).toString(16).padStart(16, '0'),
    eventName: '',
  };
}
