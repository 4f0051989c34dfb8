import { TASK_ID } from '../record/index.ts';
import type { Forest } from './forest-types.ts';
import { type GrowingNode, type GrowingTask, GrowingTrace } from './growing.ts';
import { connectLinks } from './links.ts';
import { compareTexts, compareTimes, type Timed } from './order.ts';
import { beginningOf, compareBeginnings, placeTasks } from './parents.ts';
import { settleTask, timedInOrder } from './settle-task.ts';
import type { TreeRecord } from './tree-record.ts';

/**
 * Puts records together to trees of tasks. They may come in any order, from any number of processes, twice,
 * and with any of them missing: the same records give the same forest, and each stands in it once.
 *
 * Linear in the number of records, but for sorting the records of one task; no depth overflows the stack.
 * Two records are one when they are of the same task and have the same `task.sequence` and event name; without
 * a sequence, when they are the same in everything. See `placeTasks` for where tasks without a known parent
 * go, and `itemsOf` for the order inside a task.
 */
export function forest(records: Iterable<TreeRecord>): Forest {
  const { traces: byTrace, tasks } = gather(records);
  let copies = 0;
  let kept = 0;
  for (const trace of byTrace.values()) {
    for (const task of trace.tasks) {
      copies += settleTask(task);
      kept += task.records.length;
    }
    const came = trace.records.length;
    trace.records = timedInOrder(trace.records);
    copies += came - trace.records.length;
    kept += trace.records.length;
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
  readonly traces: Map<string, GrowingTrace>;
  /** Ids are random, so that two traces with a task of one id are rare: the first one is found here at once. */
  readonly tasks: Map<string, GrowingTask>;
}

function gather(records: Iterable<TreeRecord>): Gathered {
  const traces = new Map<string, GrowingTrace>();
  const tasks = new Map<string, GrowingTask>();
  for (const record of records) {
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

function traceOf({ traceId }: TreeRecord, traces: Map<string, GrowingTrace>): GrowingTrace {
  let trace = traces.get(traceId);
  if (trace === undefined) {
    trace = new GrowingTrace(traceId);
    traces.set(traceId, trace);
  }
  return trace;
}

function inOrder(byTrace: ReadonlyMap<string, GrowingTrace>): GrowingTrace[] {
  const keyed = [...byTrace.values()].map((trace) => ({ trace, time: firstTimeOf(trace) }));
  keyed.sort(
    (one, other) =>
      compareTimes(one.time, other.time) || compareTexts(one.trace.traceId, other.trace.traceId),
  );
  return keyed.map(({ trace }) => trace);
}

/** A trace has a root or a record of no task. */
function firstTimeOf({ roots, records }: GrowingTrace): Timed {
  const [root] = roots;
  const [record] = records;
  if (root === undefined) return record!;
  const beginning = beginningOf(root);
  return record !== undefined && compareTimes(record, beginning) < 0 ? record : beginning;
}

/** Numbers the nodes, a parent before its children, and counts the size of each tree; without recursion. */
function inReadingOrder(traces: readonly GrowingTrace[]): GrowingNode[] {
  const nodes: GrowingNode[] = [];
  const waiting: GrowingNode[] = [];
  for (const { roots } of traces) {
    for (const root of roots) {
      waiting.push(root);
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        node.index = nodes.length;
        nodes.push(node);
        if (node.children.length > 1) node.children.sort(compareBeginnings);
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
