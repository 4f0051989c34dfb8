import { createHash } from 'node:crypto';
import { TASK_ID, TASK_PARENT_ID, TASK_SEQUENCE } from '../../record/index.ts';
import type { KeyValue } from '../otlp/decoded.ts';

/** On a record that came from Python distlog: its key as it came, `<counter>@<uuid>[/<n>…]`. */
export const DISTLOG_KEY = 'distlog.key';

/** What a key of distlog's says in the words of OpenTelemetry. */
export interface TaskPlace {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly KeyValue[];
}

const FORM =
  /^(\d{1,15})@([\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12})((?:\/\d{1,15}){0,100})$/i;

/**
 * Reads a key such as `3@2f1c…/1/2`: the third record of the task with the path `2f1c…/1/2`, which is the second child
 * of the first child of the task that began in this uuid. Whoever computes the same finds the same tree:
 *
 * - trace id: the 32 hex digits of the uuid;
 * - `task.id`, which is the span id too: the first 8 bytes of SHA-256 of the path, in hex. The path is all that stands
 *   behind the `@`, in lower case, the uuid without dashes;
 * - `task.parent.id`: the same of the path without its last part, if it has more than the uuid;
 * - `task.sequence`: the counter.
 *
 * @returns undefined if the text is no such key
 */
export function taskPlace(key: string): TaskPlace | undefined {
  const match = FORM.exec(key);
  if (match === null) return undefined;
  const [, counter = '', uuid = '', rest = ''] = match;
  const traceId = uuid.replaceAll('-', '').toLowerCase();
  const path = traceId + rest;
  const spanId = pathId(path);
  const attributes: KeyValue[] = [
    [TASK_ID, spanId],
    [TASK_SEQUENCE, Number(counter)],
  ];
  if (rest !== '') attributes.push([TASK_PARENT_ID, pathId(path.slice(0, path.lastIndexOf('/')))]);
  // W3C trace context: an id of zeros is none.
  return { traceId: /^0+$/.test(traceId) ? '' : traceId, spanId, attributes };
}

function pathId(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}
