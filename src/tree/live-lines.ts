import {
  BURST_RELEASED_EVENT,
  Severity,
  TASK_ID,
  TASK_NAME,
  TASK_PARENT_ID,
  TASK_STARTED_EVENT,
} from '../record/index.ts';
import { counted, durationText } from '../text/index.ts';
import { guidesOf, type Line, type Paint, type Piece, paintLine, piece } from './paint.ts';
import { errorOf, recordedDuration } from './query.ts';
import { titleOf } from './reason.ts';
import { bodyLines, dataPieces, errorLines, noTime, timePiece } from './record-lines.ts';
import { endOf } from './resolve-task.ts';
import type { ShownOutcome } from './summary.ts';
import type { TreeAttributes, TreeRecord } from './tree-record.ts';
import { type Look, lookOf, mark, short } from './view.ts';

export interface LiveLinesOptions {
  /** `tree`: indented by task. `flat`: one line per record, with its service, logger and task. */
  readonly form: 'tree' | 'flat';
  readonly color: boolean;
  /** Whether the lines of records without a task end with their trace id. Default: false. */
  readonly traces?: boolean | undefined;
}

/** A task that has logged and has not ended. */
interface OpenTask {
  readonly key: string;
  name: string;
  /** The key of its parent; undefined if it is unknown. */
  parent: string | undefined;
  service: string;
  data: TreeAttributes;
}

/** The scope name of the start and end records that tasks write. */
const OWN_LOGGER = 'burstlog';
const MAX_OPEN = 4_096;
const MAX_DEPTH = 64;
/** Bounds what is repeated for a record of another branch, because the record itself may be short. */
const MAX_ANCESTORS = 8;
const MAX_REPEATED_NAME = 80;

/**
 * Formats records as lines of text in the order of arrival, for append-only output. In a tree, a line marks
 * the start of a task, its records are below it, and a line with outcome and duration marks its end. If
 * another branch of the tree logs, its ancestors are printed again, dim. Unlike {@link lines}, it folds
 * nothing.
 *
 * It remembers the 4,096 tasks that logged most recently.
 */
export class LiveLines {
  readonly #form: 'tree' | 'flat';
  readonly #hasTraces: boolean;
  readonly #look: Look = lookOf({ ascii: false, unfold: 'failing' });
  readonly #paint: Paint;
  readonly #tasks = new Map<string, OpenTask>();
  /** The path from the root to the task of the last line. */
  #shown: readonly OpenTask[] = [];

  constructor({ form, color, traces = false }: LiveLinesOptions) {
    this.#form = form;
    this.#hasTraces = traces;
    this.#paint = { color, width: Number.POSITIVE_INFINITY, ascii: false, marks: this.#look.marks };
  }

  /** Number of remembered tasks. */
  get openTasks(): number {
    return this.#tasks.size;
  }

  /** The lines of a record, without line breaks. */
  *of(record: TreeRecord): Generator<string> {
    const id = textOf(record, TASK_ID);
    if (id === '' || this.#form === 'flat') return yield* this.#painted(record, this.#flat(record), 0);
    const task = this.#update(record, id);
    const path = this.#pathTo(task);
    const outcome = endOf(record);
    if (outcome !== undefined) {
      // The line of the end names the task, so the task need not be printed again before it.
      yield* this.#ancestors(record, path.slice(0, -1));
      this.#tasks.delete(task.key);
      yield* this.#painted(record, [this.#end(record, task, outcome)], path.length - 1);
    } else if (record.eventName === TASK_STARTED_EVENT) {
      yield* this.#ancestors(record, path.slice(0, -1));
      this.#shown = path;
      yield* this.#painted(record, [this.#start(record, task)], path.length - 1);
    } else {
      yield* this.#ancestors(record, path);
      yield* this.#painted(record, bodyLines(record, task.data, this.#look), path.length);
    }
  }

  /** Updates the task of a record. Fields that an earlier record set are kept. */
  #update(record: TreeRecord, id: string): OpenTask {
    const { traceId, service, attributes } = record;
    const key = `${traceId}/${id}`;
    const task = this.#tasks.get(key) ?? { key, name: '', parent: undefined, service, data: attributes };
    const parent = textOf(record, TASK_PARENT_ID);
    task.name ||= textOf(record, TASK_NAME);
    if (parent !== '') task.parent ??= `${traceId}/${parent}`;
    this.#tasks.delete(key);
    this.#tasks.set(key, task);
    if (this.#tasks.size > MAX_OPEN) this.#tasks.delete(this.#tasks.keys().next().value!);
    return task;
  }

  /** The path from the root to the task, without unknown parents and without cycles. */
  #pathTo(task: OpenTask): readonly OpenTask[] {
    const path = [task];
    for (let at = task.parent; at !== undefined && path.length < MAX_DEPTH; ) {
      const parent = this.#tasks.get(at);
      if (parent === undefined || path.includes(parent)) break;
      path.push(parent);
      at = parent.parent;
    }
    return path.reverse();
  }

  /** Lines for the tasks of the path that are not on the path of the last line. */
  *#ancestors(record: TreeRecord, path: readonly OpenTask[]): Generator<string> {
    const common = path.findIndex((task, at) => this.#shown[at] !== task);
    this.#shown = path;
    if (common < 0) return;
    const from = Math.max(common, path.length - MAX_ANCESTORS);
    const { cut } = this.#look.marks;
    if (from > common) {
      const above = piece(`${cut} ${counted(from - common, 'task')} above ${cut}`, 'dim');
      yield this.#line(timePiece(record), [above], common);
    }
    for (let at = from; at < path.length; at += 1) {
      const name = short(nameOf(path[at]!), MAX_REPEATED_NAME, this.#look);
      yield this.#line(timePiece(record), [piece(`${name} ${cut}`, 'dim')], at);
    }
  }

  #start({ service, body, attributes }: TreeRecord, task: OpenTask): Line {
    const parent = task.parent === undefined ? undefined : this.#tasks.get(task.parent);
    const isNew = service !== '' && service !== parent?.service;
    return [
      piece(body || nameOf(task), 'bold'),
      piece(isNew ? `  · ${short(service, MAX_REPEATED_NAME, this.#look)}` : '', 'dim'),
      ...dataPieces(attributes, parent?.data ?? {}, this.#look),
    ];
  }

  #end(record: TreeRecord, task: OpenTask, outcome: ShownOutcome): Line {
    const isExpected = outcome === 'failed' && record.severity > 0 && record.severity < Severity.ERROR;
    const error = errorOf(record);
    const seconds = recordedDuration(record);
    return [
      mark(isExpected ? 'expected' : outcome, this.#look),
      piece(` ${nameOf(task)}`, outcome === 'failed' && !isExpected ? 'boldRed' : 'plain'),
      piece(seconds === undefined ? '' : `  ${durationText(seconds)}`),
      piece(error === undefined ? '' : `  ${titleOf(error)}`, isExpected ? 'dim' : 'red'),
    ];
  }

  *#flat(record: TreeRecord): Generator<Line> {
    if (record.eventName === BURST_RELEASED_EVENT) {
      return yield [
        piece(`      ${this.#look.marks.burst} ${record.body || 'burst'}`, 'dim'),
        ...this.#ends(record),
      ];
    }
    const task = textOf(record, TASK_NAME);
    // Omits what the text already contains: start and end records begin with the task's name.
    const logger = record.scope === OWN_LOGGER ? '' : record.scope;
    const source = [record.service, logger, record.body.startsWith(task) ? '' : task]
      .filter((text) => text !== '')
      .map((text, at) => piece(`${short(text, MAX_REPEATED_NAME, this.#look)} `, at === 0 ? 'bold' : 'dim'));
    let isFirst = true;
    for (const line of bodyLines(record, {}, this.#look, source)) {
      yield isFirst ? [...line, ...this.#ends(record)] : line;
      isFirst = false;
    }
  }

  #ends({ traceId }: TreeRecord): Line {
    return this.#hasTraces && traceId !== '' ? [piece(`  trace ${traceId}`, 'dim')] : [];
  }

  /** The lines, and the stack of the record's error. The first line starts with the time. */
  *#painted(record: TreeRecord, lines: Iterable<Line>, depth: number): Generator<string> {
    let time = timePiece(record);
    for (const line of lines) {
      yield this.#line(time, line, depth);
      time = noTime;
    }
    const isInTask = this.#form === 'tree' && textOf(record, TASK_ID) !== '';
    for (const line of errorLines(record, this.#look)) {
      yield this.#line(noTime, line, isInTask ? depth + 1 : depth);
    }
  }

  #line(time: Piece, line: Line, depth: number): string {
    return paintLine([time, ...guidesOf(depth, this.#look.marks), ...line], 0, this.#paint);
  }
}

function nameOf({ name, key }: OpenTask): string {
  return name || `(task ${key.slice(-16)})`;
}

function textOf({ attributes }: TreeRecord, name: string): string {
  const value = attributes[name];
  return typeof value === 'string' ? value : '';
}
