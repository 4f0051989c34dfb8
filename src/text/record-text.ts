import {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  plainValue,
} from '../otlp/index.ts';
import { severityNameOf } from '../record/index.ts';
import { isoText } from './times.ts';
import { valueText } from './value-text.ts';

const PLAIN_WORD = /^[^\s"=\p{Cc}]+$/u;

/** The body as text, or the event name if the body is empty. */
export function bodyText({ body, eventName }: DecodedLogRecord): string {
  return textOf(body) || eventName;
}

/** Attributes as ` key=value key="two words"`, with a leading blank; `''` without attributes. */
export function attributesText(attributes: Attributes): string {
  let text = '';
  for (const [key, value] of attributes) text += ` ${word(key)}=${word(textOf(value))}`;
  return text;
}

/** A string attribute; `''` if it is missing. */
export function stringOf(attributes: Attributes, key: string): string {
  const value = attributeOf(attributes, key);
  return typeof value === 'string' ? value : '';
}

/** `2026-11-21T06:12:36.123456Z`, UTC; `-` without a time, or beyond the year 9999. */
export function timeText({ timeUnixNano, observedTimeUnixNano }: DecodedLogRecord): string {
  const nanos = timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano;
  const text = isoText(Number(nanos / 1_000_000n));
  const micros = String((nanos / 1_000n) % 1_000n).padStart(3, '0');
  return text === undefined ? '-' : `${text.slice(0, -1)}${micros}Z`;
}

/** The severity name, such as `INFO`; the sender's text if there is no number; `-` without either. */
export function severityText({ severityNumber, severityText: text }: DecodedLogRecord): string {
  return severityNameOf(severityNumber) ?? (text === '' ? '-' : text);
}

function textOf(value: AnyValue | undefined): string {
  return valueText(value === undefined ? undefined : plainValue(value));
}

function word(text: string): string {
  return PLAIN_WORD.test(text) ? text : JSON.stringify(text);
}
