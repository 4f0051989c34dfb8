import type { Context, TextMapSetter } from '@opentelemetry/api';
import { errorText } from '../record/index.ts';
import { injectInto } from './inject.ts';
import { formatted } from './message.ts';
import { OUTCOME_RANK, type Verdict } from './outcome.ts';
import { copyReadable, forSpan, type Readable } from './readable.ts';
import { warnOnce } from './shared-state.ts';
import type { Task, TaskData } from './task.ts';
import { runIn } from './task-context.ts';
import type { TaskState } from './task-state.ts';
import { formatTraceparent } from './traceparent.ts';

/** The handle of a task for the application. */
export class LiveTask implements Task {
  readonly #state: TaskState;

  constructor(state: TaskState) {
    this.#state = state;
  }

  get id(): string {
    return this.#state.id;
  }

  get parent(): Task | undefined {
    return this.#state.parent?.handle;
  }

  get path(): readonly string[] {
    const names: string[] = [];
    for (let task: TaskState | undefined = this.#state; task !== undefined; task = task.parent) {
      names.push(task.name);
    }
    return names.reverse();
  }

  get context(): Context {
    return this.#state.context;
  }

  bind(data: TaskData): void {
    if (this.#hasEnded('bind')) return;
    const added: Record<string, Readable> = {};
    copyReadable(added, data, this.#state.bound);
    this.#state.bound = { ...this.#state.bound, ...added };
    this.#state.marks = undefined;
    try {
      this.#state.span.setAttributes(forSpan(added));
    } catch (error) {
      warnOnce('span bind', `attributes could not be set on a span (${errorText(error)})`);
    }
  }

  success(message?: string, ...values: unknown[]): void {
    this.#report('success', { outcome: 'succeeded', message: messageOf(message, values), confirmed: true });
  }

  fail(reason?: unknown, ...values: unknown[]): void {
    const failure = typeof reason === 'string' || reason === undefined ? undefined : { error: reason };
    const message = failure === undefined ? messageOf(reason, values) : messageOf(values[0], values.slice(1));
    this.#report('fail', { outcome: 'failed', message, failure });
  }

  cancel(message?: string, ...values: unknown[]): void {
    this.#report('cancel', { outcome: 'cancelled', message: messageOf(message, values) });
  }

  run<T>(fn: () => T): T {
    return runIn(this.#state.context, fn, undefined);
  }

  foreignTask(): string {
    if (this.#state.ended) {
      warnOnce(
        'foreignTask after the end',
        `foreignTask() was called after the end of the task ${JSON.stringify(this.#state.name)}`,
      );
    }
    return formatTraceparent(this.#state.spanContext);
  }

  inject<Carrier>(carrier: Carrier, setter?: TextMapSetter<Carrier>): void {
    injectInto(this.#state.context, this.#state.spanContext, carrier, setter);
  }

  #report(method: string, verdict: Verdict): void {
    if (this.#hasEnded(method)) return;
    const before = this.#state.verdict;
    if (before !== undefined) {
      const earlier = before.outcome === 'abandoned' ? 'was abandoned' : before.outcome;
      warnOnce(
        `${method} after ${before.outcome}`,
        `${method}() was called on the task ${JSON.stringify(this.#state.name)}, for which another outcome was ` +
          `already reported: it ${earlier}; the worse outcome applies`,
      );
      if (OUTCOME_RANK[verdict.outcome] < OUTCOME_RANK[before.outcome]) return;
    }
    this.#state.verdict = verdict;
  }

  #hasEnded(method: string): boolean {
    if (this.#state.ended) {
      warnOnce(
        `${method} after the end`,
        `${method}() was called on the task ${JSON.stringify(this.#state.name)} after its end; the call is ignored`,
      );
    }
    return this.#state.ended;
  }
}

function messageOf(message: unknown, values: readonly unknown[]): string | undefined {
  return message === undefined && values.length === 0 ? undefined : formatted(message, values);
}
