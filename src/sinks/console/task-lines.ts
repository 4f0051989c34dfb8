import { attributeOf, numberOf } from '../../otlp/index.ts';
import {
  ERROR_TYPE,
  EXCEPTION_MESSAGE,
  EXCEPTION_TYPE,
  TASK_ABANDONED_EVENT,
  TASK_CANCELLED_EVENT,
  TASK_DURATION,
  TASK_FAILED_EVENT,
  TASK_ID,
  TASK_NAME,
  TASK_PARENT_ID,
  TASK_STARTED_EVENT,
  TASK_SUCCEEDED_EVENT,
} from '../../record/index.ts';
import { stringOf, valueText } from '../../text/index.ts';
import { flatLines } from './flat-lines.ts';
import { type OpenTask, OpenTasks } from './open-tasks.ts';
import type { Paint, Style } from './paint.ts';
import {
  attributesPart,
  clockTime,
  messageOf,
  type ShownRecord,
  severityPart,
  stackLines,
} from './shown-record.ts';

const ENDS: Readonly<Record<string, { readonly mark: string; readonly style: Style }>> = {
  [TASK_SUCCEEDED_EVENT]: { mark: '✔', style: 'green' },
  [TASK_FAILED_EVENT]: { mark: '✘', style: 'boldRed' },
  [TASK_CANCELLED_EVENT]: { mark: '⊘', style: 'magenta' },
  [TASK_ABANDONED_EVENT]: { mark: '◌', style: 'magenta' },
};
const MAX_OPEN = 4_096;
const MAX_INDENT = 24;
const GUIDE = '│ ';

/**
 * Records as they come, indented by the tasks they belong to: a line when a task starts, its records below it, a line
 * with outcome and duration when it ends. A terminal only grows, so when another branch of the tree speaks, its
 * ancestors are printed once more, dim. What belongs to no task stands at the edge.
 */
export class TaskLines {
  readonly #paint: Paint;
  readonly #tasks: OpenTasks;
  /** The branch that the last line belonged to, from the root. */
  #shown: readonly string[] = [];

  constructor(paint: Paint, maxOpen = MAX_OPEN) {
    this.#paint = paint;
    this.#tasks = new OpenTasks(maxOpen);
  }

  /** How many tasks it remembers. */
  get open(): number {
    return this.#tasks.size;
  }

  lines(shown: ShownRecord): string {
    const { attributes, eventName, traceId } = shown.record;
    const id = stringOf(attributes, TASK_ID);
    if (id === '') return flatLines(shown, this.#paint);
    const parent = stringOf(attributes, TASK_PARENT_ID);
    const task = this.#tasks.see(
      `${traceId}/${id}`,
      stringOf(attributes, TASK_NAME),
      parent === '' ? undefined : `${traceId}/${parent}`,
    );
    const path = this.#tasks.pathTo(task);
    if (eventName === TASK_STARTED_EVENT) {
      const before = this.#ancestors(path.slice(0, -1), shown);
      this.#shown = path.map(({ key }) => key);
      return before + this.#start(shown, path.length - 1);
    }
    const end = ENDS[eventName];
    if (end === undefined) return this.#ancestors(path, shown) + this.#record(shown, path.length);
    // Its own line names it, so it need not be printed again before.
    const before = this.#ancestors(path.slice(0, -1), shown, task);
    this.#tasks.end(task.key);
    this.#shown = path.slice(0, -1).map(({ key }) => key);
    return before + this.#end(shown, path.length - 1, end, task);
  }

  /** The tasks of the path that the last lines do not belong to. */
  #ancestors(path: readonly OpenTask[], shown: ShownRecord, ending?: OpenTask): string {
    const isShown = path.every(({ key }, at) => this.#shown[at] === key);
    const last = this.#shown;
    this.#shown = path.map(({ key }) => key);
    if (isShown || (ending !== undefined && last.at(-1) === ending.key)) return '';
    const common = path.findIndex(({ key }, at) => last[at] !== key);
    return path
      .slice(common)
      .map(({ name }, at) => `${this.#margin(shown, common + at)}${this.#paint(`${name} …`, 'dim')}\n`)
      .join('');
  }

  #start(shown: ShownRecord, depth: number): string {
    const { record } = shown;
    const service = depth === 0 && shown.service !== '' ? ` ${this.#paint(shown.service, 'dim')}` : '';
    const name = stringOf(record.attributes, TASK_NAME) || messageOf(record);
    return `${this.#margin(shown, depth)}${this.#paint(name, 'bold')}${service}${this.#data(record)}\n`;
  }

  #record(shown: ShownRecord, depth: number): string {
    const { record } = shown;
    const margin = this.#margin(shown, depth);
    const line = `${severityPart(record, this.#paint)} ${this.#paint(messageOf(record))}${this.#data(record)}\n`;
    return margin + line + stackLines(record, this.#paint, this.#emptyMargin(depth + 1));
  }

  #end(
    shown: ShownRecord,
    depth: number,
    { mark, style }: { readonly mark: string; readonly style: Style },
    task: OpenTask,
  ): string {
    const { record } = shown;
    const seconds = numberOf(attributeOf(record.attributes, TASK_DURATION));
    const took = seconds === undefined ? '' : ` ${this.#paint(durationText(seconds), 'dim')}`;
    const type = stringOf(record.attributes, EXCEPTION_TYPE) || stringOf(record.attributes, ERROR_TYPE);
    const message = valueText(attributeOf(record.attributes, EXCEPTION_MESSAGE));
    const error = [type, message].filter((part) => part !== '').join(': ');
    const name = task.name || messageOf(record);
    const line = `${this.#paint(`${mark} ${name}`, style)}${took}${error === '' ? '' : ` ${this.#paint(error, 'red')}`}`;
    return `${this.#margin(shown, depth)}${line}\n${stackLines(record, this.#paint, this.#emptyMargin(depth + 1))}`;
  }

  #data(record: ShownRecord['record']): string {
    return attributesPart(record, this.#paint, (key) => !key.startsWith('task.'));
  }

  #margin({ record }: ShownRecord, depth: number): string {
    return `${this.#paint(clockTime(record), 'dim')} ${this.#guides(depth)}`;
  }

  #emptyMargin(depth: number): string {
    return `             ${this.#guides(depth)}`;
  }

  #guides(depth: number): string {
    const deeper = depth > MAX_INDENT ? `(+${depth - MAX_INDENT}) ` : '';
    return this.#paint(GUIDE.repeat(Math.min(depth, MAX_INDENT)) + deeper, 'dim');
  }
}

/** `850 µs`, `412 ms`, `1.24 s`, `2 min 3 s`. */
export function durationText(seconds: number): string {
  if (!(seconds >= 0)) return '';
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1e3)} ms`;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.round((whole % 3_600) / 60)} min`;
}
