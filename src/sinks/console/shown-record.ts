import type { DecodedLogRecord, DecodedLogs } from '../../otlp/index.ts';
import { EXCEPTION_STACKTRACE } from '../../record/index.ts';
import { attributesText, severityText, stringOf, timeMillisOf, valueText } from '../../text/index.ts';
import { type Paint, styleOf } from './paint.ts';

const MAX_STACK_LINES = 30;
const MAX_TEXT = 8_192;

/** A record, and who sent it. */
export interface ShownRecord {
  readonly record: DecodedLogRecord;
  readonly service: string;
  readonly scope: string;
}

export function* recordsOf({ resources }: DecodedLogs): Generator<ShownRecord> {
  for (const { attributes, scopes } of resources) {
    const service = stringOf(attributes, 'service.name');
    for (const { name, records } of scopes)
      for (const record of records) yield { record, service, scope: name };
  }
}

/** `06:12:36.123`, UTC. */
export function clockTime(record: DecodedLogRecord): string {
  const millis = timeMillisOf(record);
  return millis > 0 && millis < 253_402_300_800_000
    ? new Date(millis).toISOString().slice(11, 23)
    : '--:--:--.---';
}

/** `INFO `, at least five columns. */
export function severityPart(record: DecodedLogRecord, paint: Paint): string {
  return paint(severityText(record).slice(0, 16).padEnd(5), styleOf(record.severityNumber));
}

export function messageOf(record: DecodedLogRecord): string {
  return bounded(valueText(record.body) || record.eventName);
}

/** All but the stack trace, which has lines of its own. */
export function attributesPart(
  record: DecodedLogRecord,
  paint: Paint,
  isShown: (key: string) => boolean = () => true,
): string {
  const text = attributesText(record.attributes, (key) => key !== EXCEPTION_STACKTRACE && isShown(key));
  return paint(bounded(text), 'dim');
}

/** The lines of the stack trace, each with its line break, or `''`. */
export function stackLines(record: DecodedLogRecord, paint: Paint, indent: string): string {
  const stack = stringOf(record.attributes, EXCEPTION_STACKTRACE);
  if (stack === '') return '';
  const lines = stack.split('\n', MAX_STACK_LINES + 1);
  if (lines.length > MAX_STACK_LINES) lines[MAX_STACK_LINES] = '…';
  return lines.map((line) => `${indent}${paint(bounded(line.trimEnd()), 'dim')}\n`).join('');
}

function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length - MAX_TEXT} more)` : text;
}
