import { ProtobufReader } from '../../otlp/index.ts';

/** How many records of an accepted request were rejected, and why. */
export interface PartialSuccess {
  readonly rejectedRecords: number;
  readonly message: string;
}

/** Tags of ExportLogsServiceResponse and ExportLogsPartialSuccess. */
const PARTIAL_SUCCESS = (1 << 3) | 2;
const REJECTED_RECORDS = 1 << 3;
const ERROR_MESSAGE = (2 << 3) | 2;
const MAX_MESSAGE = 500;
const NONE: PartialSuccess = { rejectedRecords: 0, message: '' };

/**
 * Reads an `ExportLogsServiceResponse`, protobuf or JSON. An invalid response counts as a full success: the
 * status reported success, and resending would duplicate records.
 */
export function partialSuccessOf(body: Buffer, contentType: string): PartialSuccess {
  if (body.length === 0) return NONE;
  try {
    return /^application\/json/i.test(contentType) ? ofJson(body) : ofProtobuf(body);
  } catch {
    return NONE;
  }
}

function ofProtobuf(body: Buffer): PartialSuccess {
  const reader = new ProtobufReader(body);
  let rejectedRecords = 0;
  let message = '';
  while (reader.at < body.length) {
    const outer = reader.tag(body.length);
    if (outer !== PARTIAL_SUCCESS) {
      reader.skip(outer, body.length);
      continue;
    }
    const end = reader.lengthDelimited(body.length);
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === REJECTED_RECORDS) rejectedRecords = reader.varint(end);
      else if (tag === ERROR_MESSAGE) message = reader.text(end).slice(0, MAX_MESSAGE);
      else reader.skip(tag, end);
    }
  }
  return { rejectedRecords, message };
}

function ofJson(body: Buffer): PartialSuccess {
  const { partialSuccess } = JSON.parse(body.toString('utf8')) as {
    partialSuccess?: { rejectedLogRecords?: unknown; errorMessage?: unknown };
  };
  const rejectedRecords = Number(partialSuccess?.rejectedLogRecords ?? 0);
  return {
    rejectedRecords: Number.isSafeInteger(rejectedRecords) && rejectedRecords > 0 ? rejectedRecords : 0,
    message: String(partialSuccess?.errorMessage ?? '').slice(0, MAX_MESSAGE),
  };
}
