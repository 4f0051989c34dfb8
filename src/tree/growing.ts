import type { Absent, Link, Outcome, Task, Trace } from './forest-types.ts';
import type { TreeRecord } from './tree-record.ts';

/** A node while the forest grows. */
export type GrowingNode = GrowingTask | GrowingAbsent;

// Most tasks have no children and no links; a shared empty list spares an array for each.
const NO_NODES: GrowingNode[] = [];
const NO_LINKS: Link[] = [];
const NO_TASKS: GrowingTask[] = [];

/** A task while the forest grows; to a reader it is a {@link Task}. */
export class GrowingTask implements Task {
  readonly kind = 'task';
  readonly traceId: string;
  readonly id: string;
  name = '';
  service = '';
  process = '';
  parentId = '';
  parent: GrowingNode | undefined = undefined;
  children: GrowingNode[] = NO_NODES;
  records: TreeRecord[] = [];
  start: TreeRecord | undefined = undefined;
  end: TreeRecord | undefined = undefined;
  outcome: Outcome = 'unknown';
  missing = 0;
  opensCircle = false;
  links: Link[] = NO_LINKS;
  linkedFrom: GrowingTask[] = NO_TASKS;
  index = 0;
  size = 1;
  /** In which walk along the parents it was visited; 0: in none. */
  walk = 0;

  constructor(traceId: string, id: string) {
    this.traceId = traceId;
    this.id = id;
  }
}

export class GrowingAbsent implements Absent {
  readonly kind = 'absent';
  readonly traceId: string;
  readonly id: string;
  parent: GrowingNode | undefined = undefined;
  children: GrowingNode[] = NO_NODES;
  evidence: TreeRecord | undefined = undefined;
  index = 0;
  size = 1;

  constructor(traceId: string, id: string) {
    this.traceId = traceId;
    this.id = id;
  }
}

export function addChild(parent: GrowingNode, child: GrowingNode): void {
  child.parent = parent;
  if (parent.children.length === 0) parent.children = [child];
  else parent.children.push(child);
}

/** From here on a table is quicker than a look through the list. */
const TABLE_FROM = 8;

/** A trace while the forest grows; to a reader it is a {@link Trace}. */
export class GrowingTrace implements Trace {
  readonly traceId: string;
  readonly tasks: GrowingTask[] = [];
  roots: GrowingTask[] = [];
  records: TreeRecord[] = [];
  /** Most traces have few tasks, and a million of tables would take a gigabyte. */
  #table: Map<string, GrowingTask> | undefined;

  constructor(traceId: string) {
    this.traceId = traceId;
  }

  find(id: string): GrowingTask | undefined {
    if (this.#table !== undefined) return this.#table.get(id);
    if (this.tasks.length <= TABLE_FROM) return this.tasks.find((task) => task.id === id);
    this.#table = new Map(this.tasks.map((task) => [task.id, task]));
    return this.#table.get(id);
  }

  /** A task that is not here yet. */
  add(id: string): GrowingTask {
    const task = new GrowingTask(this.traceId, id);
    this.tasks.push(task);
    this.#table?.set(id, task);
    return task;
  }
}
