import type { Paint } from './paint.ts';
import {
  attributesPart,
  clockTime,
  messageOf,
  type ShownRecord,
  severityPart,
  stackLines,
} from './shown-record.ts';

/** A record as one line: time, severity, service, logger, message, attributes; below it the stack, if it has one. */
export function flatLines({ record, service, scope }: ShownRecord, paint: Paint): string {
  const source = [service, scope].filter((name) => name !== '').join(' ');
  const parts = [
    paint(clockTime(record), 'dim'),
    severityPart(record, paint),
    ...(source === '' ? [] : [paint(source, 'bold')]),
    `${paint(messageOf(record))}${attributesPart(record, paint)}`,
  ];
  return `${parts.join(' ')}\n${stackLines(record, paint, '             ')}`;
}
