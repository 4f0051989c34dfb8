import type { TreeRecord } from './tree-record.ts';

/**
 * How a task ended. `unknown`: no end of it is among the records; it runs, its process died, or the
 * record of its end is held back or lost.
 */
export type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'abandoned' | 'unknown';

/** A node of a tree: a task, or the place of one that is not here. */
export type Node = Task | Absent;

interface Common {
  /** 32 hex digits, or empty. */
  readonly traceId: string;
  /** The task's id, 16 hex digits. Of an absent one: the id that its children name as their parent. */
  readonly id: string;
  readonly parent: Node | undefined;
  /** In reading order, see {@link childrenInOrder}. */
  readonly children: readonly Node[];
  /** Its place in {@link Trees.nodes}; its whole tree is the `size` nodes from there. */
  readonly index: number;
  readonly size: number;
}

/** A goal, with the records that belong to it. At least one of them is here. */
export interface Task extends Common {
  readonly kind: 'task';
  /** Its message before formatting; empty where no record says. */
  readonly name: string;
  /** The service and process that wrote its first record. */
  readonly service: string;
  readonly process: string;
  /** As the records say, whether it is here or not; empty: they name none, so it is a root. */
  readonly parentId: string;
  /** By `task.sequence`; records without one stand among them by time. Each record once. */
  readonly records: readonly TreeRecord[];
  /** The `task.started` record, if it is here. */
  readonly start: TreeRecord | undefined;
  /** The record that says how it ended, if it is here; the first, if there are several. */
  readonly end: TreeRecord | undefined;
  readonly outcome: Outcome;
  /** Its application logs no end that differs from other records, as Python distlog does. */
  readonly hasNoEndEvent: boolean;
  /** How many records are not here, by the gaps in `task.sequence`. Those after the last one are unknown. */
  readonly missing: number;
  /** True: its parents form a circle, which is opened here: it is a root. */
  readonly opensCircle: boolean;
  readonly links: readonly Link[];
  /** The tasks here that name this one in their links. */
  readonly linkedFrom: readonly Task[];
}

/**
 * The place of a task or span that is not here, but named as a parent: held back, lost, of a process whose
 * records are elsewhere, or a span that is no task, such as that of an HTTP client.
 */
export interface Absent extends Common {
  readonly kind: 'absent';
  /** The first record that was written inside of it, if one is here: it shows which task the span is in. */
  readonly evidence: TreeRecord | undefined;
}

/** From a root to the task whose work it goes on with, in a trace of its own. */
export interface Link {
  readonly traceId: string;
  readonly spanId: string;
  /** If it is here. */
  readonly task: Task | undefined;
}

/** What one trace id holds. */
export interface Trace {
  /** Empty: records and tasks without a trace. */
  readonly traceId: string;
  /** By the time of their start. */
  readonly roots: readonly Task[];
  /** Records of no task, by time. */
  readonly records: readonly TreeRecord[];
  /** The records that say what its bursts released (`burst.released`), by time. */
  readonly bursts: readonly TreeRecord[];
}

/** Records, put together to trees of tasks. */
export interface Trees {
  /** By the time of the first record. */
  readonly traces: readonly Trace[];
  /** Every task and absent one, in reading order: a parent before its children, trees one after another. */
  readonly nodes: readonly Node[];
  /** How many records it holds. */
  readonly records: number;
  /** How many records were left out as copies of others. */
  readonly copies: number;
}
