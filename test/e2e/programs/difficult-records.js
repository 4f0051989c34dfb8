/**
 * Records for which a Collector refuses the whole request, or does so in JSON only, as the exporters of OpenTelemetry
 * write them.
 *
 * @type {readonly (readonly [string, any])[]}
 */
export const difficult = [
  ['NaN in an attribute', { attributes: { ratio: Number.NaN } }],
  ['infinities in an attribute', { attributes: { range: [1 / 0, -1 / 0] } }],
  ['2 ** 63', { attributes: { count: 2 ** 63 } }],
  ['-(2 ** 63)', { attributes: { count: -(2 ** 63) } }],
  ['1e300', { attributes: { count: 1e300 } }],
  ['NaN in a body', { body: { ratio: Number.NaN } }],
  ['1e300 in a body', { body: { list: [1e300] } }],
  ['NaN as a body', { body: Number.NaN }],
  ['a bigint as a body', { body: 123n }],
  ['a fractional severity', { severityNumber: 9.5 }],
  ['a severity of 1e12', { severityNumber: 1e12 }],
  ['a severity that is a text', { severityNumber: 'INFO' }],
  ['a severity text that is a number', { severityText: 5 }],
  ['an event name that is a number', { eventName: 7 }],
  ['a time that is no time', { timestamp: new Date('never') }],
  ['a time before 1970', { timestamp: -5_000_000 }],
  ['an attribute of 60 levels', { attributes: { deep: nested(60) } }],
  ['a body of 60 levels', { body: nested(60) }],
  ['half of a surrogate pair', { body: 'a\ud800b', attributes: { 'k\udc00': '\ud83d' } }],
];

/** @param {number} levels @returns {object} */
function nested(levels) {
  return levels === 0 ? { bottom: true } : { in: nested(levels - 1) };
}
