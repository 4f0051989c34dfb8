import { createHash } from 'node:crypto';
import type { KeyValue } from '../otlp/index.ts';
import { TASK_ID, TASK_PARENT_ID, TASK_SEQUENCE } from '../record/index.ts';

/** A distlog key as OpenTelemetry ids and attributes. */
export interface TaskPlace {
  readonly traceId: string;
  readonly spanId: string;
  /** The position of the record in its task, from 1. */
  readonly sequence: number;
  readonly attributes: readonly KeyValue[];
}

const COUNTER = /^\d{1,15}$/;
const PATH = /^([\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12})((?:\/\d{1,15}){0,100})$/i;

/** The part of a key that is the same for all records of a task. */
interface TaskPath {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: readonly KeyValue[];
}

const MAX_PATHS = 1_024;

/**
 * Reads keys of distlog, such as `3@2f1c…/1/2`: the fourth record of the task with the path `2f1c…/1/2`,
 * which is the second child of the first child of the task that began with this uuid. The derivation is
 * deterministic, so every reader builds the same tree:
 *
 * - trace id: the 32 hex digits of the uuid;
 * - `task.id`, also the span id: the first 8 bytes of SHA-256 of the path, in hex. The path is everything
 *   after the `@`, in
 *   lower case, with the uuid without dashes;
 * - `task.parent.id`: the same for the path without its last part, if it consists of more than the uuid;
 * - `task.sequence`: the counter, which starts at 0, plus 1.
 *
 * It caches up to 1,024 paths, since records of a task usually arrive consecutively.
 */
export class TaskKeys {
  readonly #paths = new Map<string, TaskPath>();

  /** @returns undefined if the text is not such a key */
  placeOf(key: string): TaskPlace | undefined {
    const at = key.indexOf('@');
    const counter = key.slice(0, at);
    if (at < 0 || !COUNTER.test(counter)) return undefined;
    const text = key.slice(at + 1);
    const path = this.#paths.get(text) ?? this.#read(text);
    if (path === undefined) return undefined;
    const { traceId, spanId, parent } = path;
    const sequence = Number(counter) + 1;
    return {
      traceId,
      spanId,
      sequence,
      attributes: [[TASK_ID, spanId], [TASK_SEQUENCE, sequence], ...parent],
    };
  }

  #read(text: string): TaskPath | undefined {
    const path = taskPath(text);
    if (path === undefined) return undefined;
    if (this.#paths.size >= MAX_PATHS) this.#paths.clear();
    this.#paths.set(text, path);
    return path;
  }
}

function taskPath(text: string): TaskPath | undefined {
  const match = PATH.exec(text);
  if (match === null) return undefined;
  const [, uuid = '', rest = ''] = match;
  const traceId = uuid.replaceAll('-', '').toLowerCase();
  const path = traceId + rest;
  return {
    // W3C Trace Context: an id of zeros is invalid.
    traceId: /^0+$/.test(traceId) ? '' : traceId,
    spanId: pathId(path),
    parent: rest === '' ? [] : [[TASK_PARENT_ID, pathId(path.slice(0, path.lastIndexOf('/')))] as const],
  };
}

function pathId(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}
