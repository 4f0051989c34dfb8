import {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  isBytes,
  isMap,
  isWholeDouble,
} from '../otlp/index.ts';
import { severityNameOf } from '../record/index.ts';

const MAX_LEVELS = 8;
const PLAIN_WORD = /^[^\s"=\p{Cc}]+$/u;

/** A body or an attribute value as text: a string as it is, all else like JSON. */
export function valueText(value: AnyValue | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : nested(value, 0);
}

/** ` key=value key="two words"`, with a blank in front; `''` without attributes. */
export function attributesText(
  attributes: Attributes,
  isShown: (key: string) => boolean = () => true,
): string {
  let text = '';
  for (const [key, value] of attributes) if (isShown(key)) text += ` ${word(key)}=${word(valueText(value))}`;
  return text;
}

/** A string attribute; `''` if there is none. */
export function stringOf(attributes: Attributes, key: string): string {
  const value = attributeOf(attributes, key);
  return typeof value === 'string' ? value : '';
}

/** The record's time, or when it was observed, milliseconds since 1970; 0: it has none. */
export function timeMillisOf({ timeUnixNano, observedTimeUnixNano }: DecodedLogRecord): number {
  return Number((timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano) / 1_000_000n);
}

/** `2026-11-21T06:12:36.123456Z`, UTC; `-` without a time, or beyond the year 9999. */
export function timeText(record: DecodedLogRecord): string {
  const millis = timeMillisOf(record);
  if (millis === 0 || millis >= 253_402_300_800_000) return '-';
  const nanos = record.timeUnixNano === 0n ? record.observedTimeUnixNano : record.timeUnixNano;
  const micros = String((nanos / 1_000n) % 1_000n).padStart(3, '0');
  return `${new Date(millis).toISOString().slice(0, -1)}${micros}Z`;
}

/** `INFO`; the sender's own text where there is no number; `-` without either. */
export function severityText({ severityNumber, severityText: text }: DecodedLogRecord): string {
  return severityNameOf(severityNumber) ?? (text === '' ? '-' : text);
}

function word(text: string): string {
  return PLAIN_WORD.test(text) ? text : JSON.stringify(text);
}

function nested(value: AnyValue, level: number): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (isBytes(value)) return `(${value.length} bytes)`;
  if (isWholeDouble(value)) return String(value.double);
  if (level >= MAX_LEVELS) return '…';
  if (isMap(value)) {
    return `{${value.entries.map(([key, each]) => `${JSON.stringify(key)}:${nested(each, level + 1)}`).join(',')}}`;
  }
  return `[${value.map((each) => nested(each, level + 1)).join(',')}]`;
}
