import type { OwnLog } from '../../../src/component/contract.ts';
import {
  type DecodedLogRecord,
  EMPTY_RECORD,
  encodeDecoded,
  type KeyValue,
} from '../../../src/otlp/index.ts';

export function record(body: string, more: Partial<DecodedLogRecord> = {}): DecodedLogRecord {
  return {
    ...EMPTY_RECORD,
    timeUnixNano: 1_795_241_556_123_456_000n,
    severityNumber: 9,
    severityText: 'INFO',
    body,
    ...more,
  };
}

/** A batch of these records, from one service and one logger, as stored in the journal. */
export function batch(records: readonly DecodedLogRecord[], service = 'shop', scope = 'orders'): Uint8Array {
  const none = { attributes: [] as KeyValue[], droppedAttributesCount: 0, schemaUrl: '' };
  return encodeDecoded({
    resources: [
      {
        ...none,
        attributes: [['service.name', service]],
        scopes: [{ ...none, name: scope, version: '', records }],
      },
    ],
  });
}

/** A batch of one record. */
export function one(body: string, more: Partial<DecodedLogRecord> = {}): Uint8Array {
  return batch([record(body, more)]);
}

/** Keeps what is logged. */
export function listener(): OwnLog & { readonly said: string[] } {
  const said: string[] = [];
  return { said, emit: (_severity, message) => void said.push(message) };
}

/** The bodies of the records in a file of OTLP/JSON lines. @throws for a line that is not JSON */
export function bodiesIn(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const { resourceLogs } = JSON.parse(line) as {
        resourceLogs: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[];
      };
      return resourceLogs.flatMap(({ scopeLogs }) =>
        scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ body }) => body.stringValue)),
      );
    });
}
