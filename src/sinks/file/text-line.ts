import type { DecodedLogs } from '../../otlp/index.ts';
import { attributesText, severityText, stringOf, timeText, valueText } from '../../text/index.ts';
import { plain } from '../../tree/index.ts';

/**
 * Records as lines of text, one each, every line with its line break: time (UTC), severity, service, logger, body,
 * attributes, and at the end trace and span. Control characters are escaped, so a line is a record.
 */
export function textLines({ resources }: DecodedLogs): string {
  let text = '';
  for (const { attributes, scopes } of resources) {
    const service = stringOf(attributes, 'service.name') || '-';
    for (const { name, records } of scopes) {
      for (const record of records) {
        const body = valueText(record.body) || record.eventName;
        const trace =
          record.traceId === '' ? '' : ` trace_id=${record.traceId} span_id=${record.spanId || '-'}`;
        const line =
          `${timeText(record)} ${severityText(record)} ${service} ${name || '-'} ${body}` +
          `${attributesText(record.attributes)}${trace}`;
        text += `${plain(line)}\n`;
      }
    }
  }
  return text;
}
