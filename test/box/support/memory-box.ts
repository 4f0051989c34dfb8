import {
  BLOCK_BYTES,
  BLOCKS_AT,
  type BoxContents,
  type BoxHeader,
  BoxWriter,
  directOutput,
  encodeHeader,
  readBox,
  tagOf,
} from '../../../src/box/index.ts';
import type { ReadableLogRecordLike } from '../../../src/record/index.ts';

export const resource = { attributes: { 'service.name': 'checkout' } };
export const scope = { name: 'app', version: '1.0' };

/** A box whose file lies in memory. */
export function memoryBox(settings: { blocks?: number; redact?: string[] } & Partial<BoxHeader> = {}) {
  const { blocks = 4, redact = [], ...rest } = settings;
  const header: BoxHeader = {
    ...{
      id: 'ab'.repeat(16),
      pid: 4711,
      thread: 0,
      madeMillis: 1_700_000_000_000,
      processMark: '',
      pidNamespace: '',
    },
    ...{
      service: 'checkout',
      blocks,
      flushMillis: 10,
      capacity: 1e9,
      maxAgeMillis: 1e12,
      resources: [resource],
    },
    ...rest,
  };
  const file = Buffer.alloc(BLOCKS_AT + blocks * BLOCK_BYTES);
  encodeHeader(header, 1).copy(file);
  let written = 0;
  const writer = new BoxWriter({
    tag: tagOf(header.id),
    redact: new Set(redact),
    resourceIndex: () => 0,
    output: directOutput(blocks, (bytes, from, to, position) => {
      bytes.copy(file, position, from, to);
      written += to - from;
    }),
    now: () => 1_700_000_000_000,
  });
  const contents = (bytes: Uint8Array = file): BoxContents => {
    const found = readBox(bytes);
    if (typeof found === 'string') throw new Error(found);
    return found;
  };
  return {
    writer,
    file,
    contents,
    bodies: () => contents().records.map(({ record }) => record.body),
    written: () => written,
  };
}

export function spanContext(digit: string, span = digit) {
  return { traceId: digit.repeat(32), spanId: span.repeat(16), traceFlags: 1 };
}

export function aRecord(body: unknown, more: Partial<ReadableLogRecordLike> = {}): ReadableLogRecordLike {
  return {
    hrTime: [1_700_000_000, 5_000_000],
    hrTimeObserved: [1_700_000_000, 5_000_000],
    severityNumber: 5,
    severityText: 'DEBUG',
    body,
    resource,
    instrumentationScope: scope,
    attributes: {},
    droppedAttributesCount: 0,
    ...more,
  };
}
