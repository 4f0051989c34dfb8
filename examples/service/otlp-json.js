// Records as a line of OTLP/JSON, as a Collector's file exporter writes them.

/** @param {import('../../test/support/otlp-decode.js').DecodedRecord} record */
export function jsonLine(record) {
  const { resource, scope, attributes, body, ...rest } = record;
  const logRecord = { ...rest, body: anyValue(body), attributes: attributesOf(attributes) };
  const scopeLogs = [{ scope: { name: scope.name, version: scope.version }, logRecords: [logRecord] }];
  const resourceLogs = [{ resource: { attributes: attributesOf(resource.attributes) }, scopeLogs }];
  return `${JSON.stringify({ resourceLogs })}\n`;
}

function attributesOf(attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value) {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { stringValue: String(value) };
}
