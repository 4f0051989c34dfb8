import { TASK_LINKS } from '../record/index.ts';
import type { Link } from './forest-types.ts';
import type { GrowingTask, GrowingTrace } from './growing.ts';

/** Version, trace id, span id, flags; W3C Trace Context, "traceparent Header Field Values". */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/** Reads the links of a task, and names it at their other ends. */
export function connectLinks(task: GrowingTask, traces: ReadonlyMap<string, GrowingTrace>): void {
  const record = task.start ?? task.records.find((each) => TASK_LINKS in each.attributes);
  if (record === undefined || !(TASK_LINKS in record.attributes)) return;
  const links = new Map<string, Link>();
  for (const text of listOf(record.attributes[TASK_LINKS])) {
    const [, traceId, spanId] = (typeof text === 'string' ? TRACEPARENT.exec(text) : null) ?? [];
    if (traceId === undefined || spanId === undefined) continue;
    const target = traces.get(traceId)?.find(spanId);
    if (target !== undefined && !links.has(`${traceId}-${spanId}`)) {
      if (target.linkedFrom.length === 0) target.linkedFrom = [task];
      else target.linkedFrom.push(task);
    }
    links.set(`${traceId}-${spanId}`, { traceId, spanId, task: target });
  }
  task.links = [...links.values()];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
