import { fieldsOf } from '../../otlp/index.ts';

/** How many records of a request that was taken were not, and why. */
export interface PartialSuccess {
  readonly rejectedRecords: number;
  readonly message: string;
}

const NONE: PartialSuccess = { rejectedRecords: 0, message: '' };

/**
 * Reads an `ExportLogsServiceResponse`, protobuf or JSON. What cannot be read counts as a full success: the status said
 * so, and to send again would double.
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
  let rejectedRecords = 0;
  let message = '';
  for (const outer of fieldsOf(body, 0, body.length)) {
    if (outer.number !== 1 || outer.wireType !== 2) continue;
    for (const field of fieldsOf(body, outer.contentStart, outer.end)) {
      if (field.number === 1 && field.wireType === 0) rejectedRecords = field.value;
      if (field.number === 2 && field.wireType === 2) {
        message = body.toString('utf8', field.contentStart, Math.min(field.end, field.contentStart + 500));
      }
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
    message: String(partialSuccess?.errorMessage ?? '').slice(0, 500),
  };
}
