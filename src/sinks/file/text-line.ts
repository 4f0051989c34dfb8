import type { LogGroup } from '../../otlp/index.ts';
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
/** In each line of all its records: a long one would make a file of many times what was sent. */
const MAX_NAME = 128;

/**
 * Records as lines of text, one each, every line with its line break: time (UTC), severity, service, logger, body,
 * attributes, and at the end trace and span. Control characters are escaped, so a line is a record.
 */
export function textLines({ resource, scope, records }: LogGroup): string {
  const service = name(stringOf(resource.attributes, 'service.name'));
  const logger = name(scope.name);
  let text = '';
  for (const record of records) {
    const body = boundedText(bodyText(record), MAX_BODY);
    const trace = record.traceId === '' ? '' : ` trace_id=${record.traceId} span_id=${record.spanId || '-'}`;
    const line =
      `${timeText(record)} ${severityText(record)} ${service} ${logger} ${body}` +
      `${attributesText(record.attributes)}${trace}`;
    text += `${safeText(line)}\n`;
  }
  return text;
}

function name(text: string): string {
  return boundedText(text, MAX_NAME) || '-';
}
