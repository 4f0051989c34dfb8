import type { TreeRecord } from './tree-record.ts';
import type { Absent, Link, Outcome, Task, Trace } from './trees.ts';

/** A node while the trees are built. */
export type MutableNode = MutableTask | MutableAbsent;

// Most tasks have no children and no links; a shared empty list saves an array for each.
const NO_NODES: readonly MutableNode[] = [];
const NO_LINKS: readonly Link[] = [];
const NO_TASKS: readonly MutableTask[] = [];

/** A task while the trees are built; readers see a {@link Task}. */
export class MutableTask implements Task {
  readonly kind = 'task';
  readonly traceId: string;
  readonly id: string;
  name = '';
  service = '';
  process = '';
  parentId = '';
  parent: MutableNode | undefined = undefined;
  children: readonly MutableNode[] = NO_NODES;
  records: TreeRecord[] = [];
  start: TreeRecord | undefined = undefined;
  end: TreeRecord | undefined = undefined;
  outcome: Outcome = 'unknown';
  hasNoEndEvent = false;
  missing = 0;
  opensCircle = false;
  links: readonly Link[] = NO_LINKS;
  linkedFrom: readonly MutableTask[] = NO_TASKS;
  index = 0;
  size = 1;
  /** The number of the walk along the parents that visited it; 0: none. */
  walk = 0;

  constructor(traceId: string, id: string) {
    this.traceId = traceId;
    this.id = id;
  }
}

export class MutableAbsent implements Absent {
  readonly kind = 'absent';
  readonly traceId: string;
  readonly id: string;
  parent: MutableNode | undefined = undefined;
  children: readonly MutableNode[] = NO_NODES;
  evidence: TreeRecord | undefined = undefined;
  index = 0;
  size = 1;

  constructor(traceId: string, id: string) {
    this.traceId = traceId;
    this.id = id;
  }
}

export function addChild(parent: MutableNode, child: MutableNode): void {
  child.parent = parent;
  parent.children = appended(parent.children, child);
}

/** Appends to a list in place; a shared empty list is replaced by a new one. */
export function appended<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length === 0) return [item];
  (list as T[]).push(item);
  return list;
}

/** From this number of tasks on, a table is faster than searching the list. */
const TABLE_FROM = 8;

/** A trace while the trees are built; readers see a {@link Trace}. */
export class MutableTrace implements Trace {
  readonly traceId: string;
  readonly tasks: MutableTask[] = [];
  roots: MutableTask[] = [];
  records: TreeRecord[] = [];
  bursts: TreeRecord[] = [];
  /** Created on demand: most traces have few tasks, and a million tables would take a gigabyte. */
  #table: Map<string, MutableTask> | undefined;

  constructor(traceId: string) {
    this.traceId = traceId;
  }

  find(id: string): MutableTask | undefined {
    if (this.#table !== undefined) return this.#table.get(id);
    if (this.tasks.length <= TABLE_FROM) return this.tasks.find((task) => task.id === id);
    this.#table = new Map(this.tasks.map((task) => [task.id, task]));
    return this.#table.get(id);
  }

  /** Adds a task whose id is new. */
  add(id: string): MutableTask {
    const task = new MutableTask(this.traceId, id);
    this.tasks.push(task);
    this.#table?.set(id, task);
    return task;
  }
}
