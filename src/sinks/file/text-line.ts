import type { DecodedLogs } from '../../otlp/index.ts';
import {
  attributesText,
  bodyText,
  boundedText,
  safeText,
  severityText,
  stringOf,
  timeText,
} from '../../text/index.ts';

/** People read these lines; OTLP/JSON holds what is longer. */
const MAX_BODY = 65_536;

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
        const body = boundedText(bodyText(record), MAX_BODY);
        const trace =
          record.traceId === '' ? '' : ` trace_id=${record.traceId} span_id=${record.spanId || '-'}`;
        const line =
          `${timeText(record)} ${severityText(record)} ${service} ${name || '-'} ${body}` +
          `${attributesText(record.attributes)}${trace}`;
        text += `${safeText(line)}\n`;
      }
    }
  }
  return text;
}
