import { BURST_RELEASED_EVENT, TASK_ID } from '../record/index.ts';
import { type MutableNode, type MutableTask, MutableTrace } from './mutable-nodes.ts';
import { compareTexts, compareTimes, type Timed } from './order.ts';
import { beginningOf, compareBeginnings, connectLinks, placeTasks } from './place-tasks.ts';
import { resolveTask, timedInOrder } from './resolve-task.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Trees } from './trees.ts';

/**
 * Builds trees of tasks from records. Records may arrive in any order, from any number of processes, more
 * than once, and with any of them missing: the same records give the same trees, which contain each record
 * once.
 *
 * The cost is linear in the number of records, except for sorting the records of one task; no depth overflows
 * the stack. Two records are copies if they have the same task, `task.sequence` and event name; without a
 * sequence, if they are equal in everything. See `placeTasks` for tasks without a known parent, and
 * `childrenInOrder` for the order inside a task.
 */
export function buildTrees(records: Iterable<TreeRecord>): Trees {
  const { traces: byTrace, tasks } = gather(records);
  let copies = 0;
  let kept = 0;
  for (const trace of byTrace.values()) {
    for (const task of trace.tasks) {
      copies += resolveTask(task);
      kept += task.records.length;
    }
    for (const list of ['records', 'bursts'] as const) {
      const count = trace[list].length;
      trace[list] = timedInOrder(trace[list]);
      copies += count - trace[list].length;
      kept += trace[list].length;
    }
    placeTasks(trace, (id) => {
      const task = tasks.get(id);
      return task?.traceId === trace.traceId ? task : trace.find(id);
    });
    trace.roots.sort(compareBeginnings);
  }
  const traces = inOrder(byTrace);
  const nodes = inReadingOrder(traces);
  for (const node of nodes) if (node.kind === 'task') connectLinks(node, byTrace);
  return { traces, nodes, records: kept, copies };
}

interface Gathered {
  readonly traces: Map<string, MutableTrace>;
  /** The first task with each id. Ids are random, so two traces rarely contain the same task id. */
  readonly tasks: Map<string, MutableTask>;
}

function gather(records: Iterable<TreeRecord>): Gathered {
  const traces = new Map<string, MutableTrace>();
  const tasks = new Map<string, MutableTask>();
  for (const record of records) {
    if (record.eventName === BURST_RELEASED_EVENT) {
      traceOf(record, traces).bursts.push(record);
      continue;
    }
    const id = record.attributes[TASK_ID];
    if (typeof id !== 'string' || id === '') {
      traceOf(record, traces).records.push(record);
      continue;
    }
    let task = tasks.get(id);
    if (task === undefined) {
      task = traceOf(record, traces).add(id);
      tasks.set(id, task);
    } else if (task.traceId !== record.traceId) {
      const trace = traceOf(record, traces);
      task = trace.find(id) ?? trace.add(id);
    }
    task.records.push(record);
  }
  return { traces, tasks };
}

function traceOf({ traceId }: TreeRecord, traces: Map<string, MutableTrace>): MutableTrace {
  let trace = traces.get(traceId);
  if (trace === undefined) {
    trace = new MutableTrace(traceId);
    traces.set(traceId, trace);
  }
  return trace;
}

function inOrder(byTrace: ReadonlyMap<string, MutableTrace>): MutableTrace[] {
  const keyed = [...byTrace.values()].map((trace) => ({ trace, time: firstTimeOf(trace) }));
  keyed.sort(
    (one, other) =>
      compareTimes(one.time, other.time) || compareTexts(one.trace.traceId, other.trace.traceId),
  );
  return keyed.map(({ trace }) => trace);
}

/** The time of the first root, record without a task, or burst; a trace has at least one of these. */
function firstTimeOf({ roots, records, bursts }: MutableTrace): Timed {
  const [root] = roots;
  const times = [root === undefined ? undefined : beginningOf(root), records[0], bursts[0]];
  return times
    .filter((time) => time !== undefined)
    .reduce((one, other) => (compareTimes(other, one) < 0 ? other : one));
}

/** Numbers the nodes, a parent before its children, and counts the size of each tree; without recursion. */
function inReadingOrder(traces: readonly MutableTrace[]): MutableNode[] {
  const nodes: MutableNode[] = [];
  const waiting: MutableNode[] = [];
  for (const { roots } of traces) {
    for (const root of roots) {
      waiting.push(root);
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        node.index = nodes.length;
        nodes.push(node);
        if (node.children.length > 1) node.children = node.children.toSorted(compareBeginnings);
        for (let at = node.children.length - 1; at >= 0; at -= 1) waiting.push(node.children[at]!);
      }
    }
  }
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    const { parent, size } = nodes[at]!;
    if (parent !== undefined) parent.size += size;
  }
  return nodes;
}
