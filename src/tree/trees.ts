import type { TreeRecord } from './tree-record.ts';

/**
 * How a task ended. `unknown`: its end is not among the records; it is running, its process died, or the
 * record of its end was held back or lost.
 */
export type Outcome = 'succeeded' | 'failed' | 'cancelled' | 'abandoned' | 'unknown';

/** A node of a tree: a task, or a placeholder for a missing one. */
export type Node = Task | Absent;

interface Common {
  /** 32 hex digits, or empty. */
  readonly traceId: string;
  /** The task's id, 16 hex digits. For an absent node: the id that its children name as their parent. */
  readonly id: string;
  readonly parent: Node | undefined;
  /** In reading order, see {@link childrenInOrder}. */
  readonly children: readonly Node[];
  /** Its index in {@link Trees.nodes}; its whole tree is the `size` nodes from there. */
  readonly index: number;
  readonly size: number;
}

/** A goal, with the records that belong to it. At least one of them is present. */
export interface Task extends Common {
  readonly kind: 'task';
  /** Its message before formatting; empty if no record has it. */
  readonly name: string;
  /** The service and process that wrote its first record. */
  readonly service: string;
  readonly process: string;
  /**
   * The parent's id from the records, whether the parent is present or not; empty: they name none, so the
   * task is a root.
   */
  readonly parentId: string;
  /** By `task.sequence`; records without one are inserted by time. Each record occurs once. */
  readonly records: readonly TreeRecord[];
  /** The `task.started` record, if it is present. */
  readonly start: TreeRecord | undefined;
  /** The record with the outcome, if it is present; the first, if there are several. */
  readonly end: TreeRecord | undefined;
  readonly outcome: Outcome;
  /** Its application writes no distinct end record; Python distlog does not. */
  readonly hasNoEndEvent: boolean;
  /**
   * Number of missing records, from the gaps in `task.sequence`. Records missing after the last one cannot be
   * counted.
   */
  readonly missing: number;
  /** True: its parents form a cycle, which is broken here, so this task is a root. */
  readonly opensCircle: boolean;
  readonly links: readonly Link[];
  /** The tasks that link to this one. */
  readonly linkedFrom: readonly Task[];
}

/**
 * A placeholder for a missing task or span that is named as a parent: it was held back or lost, its process
 * logs elsewhere, or the span is not a task, for example that of an HTTP client.
 */
export interface Absent extends Common {
  readonly kind: 'absent';
  /** The first record written inside it, if there is one: it shows which task contains the span. */
  readonly evidence: TreeRecord | undefined;
}

/** A link from a root to the task whose work it continues in a separate trace. */
export interface Link {
  readonly traceId: string;
  readonly spanId: string;
  /** The task, if it is present. */
  readonly task: Task | undefined;
}

/** The tasks and records with one trace id. */
export interface Trace {
  /** Empty: records and tasks without a trace. */
  readonly traceId: string;
  /** By the time of their start. */
  readonly roots: readonly Task[];
  /** Records without a task, by time. */
  readonly records: readonly TreeRecord[];
  /** The `burst.released` records, which describe what its bursts released, by time. */
  readonly bursts: readonly TreeRecord[];
}

/** Trees of tasks, built from records. */
export interface Trees {
  /** By the time of the first record. */
  readonly traces: readonly Trace[];
  /** Every task and absent node, in reading order: a parent before its children, one tree after another. */
  readonly nodes: readonly Node[];
  /** Number of records. */
  readonly records: number;
  /** Number of records that were dropped as copies of others. */
  readonly copies: number;
}
