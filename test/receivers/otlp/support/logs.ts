import { type DecodedLogs, EMPTY_RECORD, encodeDecoded } from '../../../../src/otlp/index.ts';

/** A request with this many records, each with a text of this length. */
export function logs(records = 1, textLength = 10): DecodedLogs {
  const record = {
    ...EMPTY_RECORD,
    timeUnixNano: 1n,
    observedTimeUnixNano: 1n,
    severityNumber: 9,
    severityText: 'INFO',
    body: 'x'.repeat(textLength),
  };
  const scope = { name: 'test', version: '', attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  return {
    resources: [
      {
        attributes: [['service.name', 'test']],
        droppedAttributesCount: 0,
        schemaUrl: '',
        scopes: [{ ...scope, records: Array.from({ length: records }, () => record) }],
      },
    ],
  };
}

/** The same as protobuf. */
export function protobuf(records?: number, textLength?: number): Buffer {
  return Buffer.from(encodeDecoded(logs(records, textLength)));
}
