import { safeJson } from '../../text/index.ts';
import {
  dataOf,
  durationOf,
  errorOf,
  isExpectedFailure,
  isFailedStory,
  type Node,
  parentOf,
  type Task,
  type Trace,
  type TreeRecord,
  type Trees,
} from '../../tree/index.ts';

/**
 * Renders trees as flat lines of JSON, so that readers need no recursion. There is one object per task and
 * per missing task, a parent before its children, one for the records of a trace outside tasks, and one per
 * burst.
 */
export function* jsonRows(trees: Trees, withRecords: boolean): Generator<string> {
  const depths = new Map<Node, number>();
  for (const trace of trees.traces) {
    for (const root of trace.roots) {
      for (let at = root.index; at < root.index + root.size; at += 1) {
        const node = trees.nodes[at]!;
        const depth = node.parent === undefined ? 0 : depths.get(node.parent)! + 1;
        if (node.children.length > 0) depths.set(node, depth);
        yield safeJson(
          node.kind === 'task'
            ? taskRow(node, depth, withRecords)
            : { kind: 'absent', traceId: node.traceId, id: node.id, parent: node.parent?.id, depth },
        );
      }
      depths.clear();
    }
    if (trace.records.length > 0) yield safeJson(looseRow(trace, withRecords));
    for (const burst of trace.bursts)
      yield safeJson({ kind: 'burst', traceId: trace.traceId, ...recordRow(burst) });
  }
}

function taskRow(task: Task, depth: number, withRecords: boolean) {
  const first = task.start ?? task.records[0]!;
  return {
    kind: 'task',
    traceId: task.traceId,
    id: task.id,
    name: task.name,
    service: task.service,
    parent: parentOf(task)?.id,
    parentId: task.parentId || undefined,
    depth,
    outcome: task.outcome,
    expected: isExpectedFailure(task) || undefined,
    startSeen: task.start !== undefined,
    timeUnixNano: nanosOf(first),
    durationSeconds: durationOf(task),
    error: task.end === undefined ? undefined : errorOf(task.end),
    data: plainData(dataOf(task)),
    links:
      task.links.length === 0 ? undefined : task.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    opensCircle: task.opensCircle || undefined,
    missing: task.missing,
    records: withRecords ? task.records.map(recordRow) : task.records.length,
  };
}

function looseRow(trace: Trace, withRecords: boolean) {
  const { traceId, records } = trace;
  return {
    kind: 'loose',
    traceId,
    failed: isFailedStory(trace) || undefined,
    records: withRecords ? records.map(recordRow) : records.length,
  };
}

function recordRow(record: TreeRecord) {
  return {
    timeUnixNano: nanosOf(record),
    severity: record.severity,
    eventName: record.eventName || undefined,
    body: record.body,
    scope: record.scope || undefined,
    spanId: record.spanId || undefined,
    attributes: plainData(record.attributes),
  };
}

function nanosOf({ seconds, nanos }: TreeRecord): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}

/** Converts integers beyond 2^53 to strings, as OTLP/JSON does. */
export function plainData(data: unknown): unknown {
  if (typeof data === 'bigint') return String(data);
  if (Array.isArray(data)) return data.map(plainData);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, plainData(value)]));
}
