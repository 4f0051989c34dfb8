import {
  dataOf,
  durationOf,
  errorOf,
  type Forest,
  type Node,
  parentOf,
  safeJson,
  type Task,
  type Trace,
  type TreeRecord,
} from '../../tree/index.ts';

/**
 * A forest as lines of JSON, flat, so that no depth matters to whoever reads it: an object for each task and
 * hole, a parent before its children, and one for the records of a trace that belong to no task.
 */
export function* jsonRows(forest: Forest, withRecords: boolean): Generator<string> {
  const depths = new Map<Node, number>();
  for (const trace of forest.traces) {
    for (const root of trace.roots) {
      for (let at = root.index; at < root.index + root.size; at += 1) {
        const node = forest.nodes[at]!;
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

function looseRow({ traceId, records }: Trace, withRecords: boolean) {
  return { kind: 'loose', traceId, records: withRecords ? records.map(recordRow) : records.length };
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

/** JSON has no integers beyond 2^53; OTLP/JSON writes them as strings. */
function plainData(data: unknown): unknown {
  if (typeof data === 'bigint') return String(data);
  if (Array.isArray(data)) return data.map(plainData);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, plainData(value)]));
}
