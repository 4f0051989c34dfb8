import { SpanKind } from '@opentelemetry/api';
import { EXPECTED_SEVERITY, errorText, type SeverityLike, severityNumber } from '../record/index.ts';
import {
  accept,
  code,
  converted,
  expectedOf,
  type Fields,
  flag,
  type ScalarData,
  shown,
  type Values,
} from '../settings/index.ts';
import { warnOnce } from './shared-state.ts';
import type { Task, TaskOptions } from './task.ts';
import { stateOf } from './task-context.ts';

/** The definitions of `TaskOptions`: defaults and valid values. */
export const taskFields = {
  severity: converted<SeverityLike>()({
    expected: EXPECTED_SEVERITY,
    parse: severityNumber,
    absent: 'INFO',
  }),
  inherit: flag({ default: true }),
  kind: code({ expected: 'a SpanKind', parse: asKind, absent: '`SpanKind.INTERNAL`' }),
  expected: code({ expected: 'true, false or a function', parse: asExpected, absent: 'none' }),
};

/** The definitions of `ImportTaskOptions`. */
export const importFields = { ...taskFields, link: flag({ default: false }) };

/** The definitions of `StartTaskOptions`. */
export const startFields = {
  ...taskFields,
  parent: code({ expected: 'a task', parse: asTaskOrNull, absent: 'the current task' }),
};

/** All options of tasks are scalar. */
type Scalars = Readonly<Record<string, ScalarData>>;
const forms = {
  step: taskFields as Scalars,
  import: importFields as Scalars,
  start: startFields as Scalars,
};

/** The valid options of all ways to start a task. */
export type AnyTaskOptions = Partial<Values<typeof importFields> & Values<typeof startFields>>;

/**
 * Reads options. Never throws: an invalid or unknown option is logged once and ignored.
 *
 * @param form how the task is started, which determines the known options
 */
export function readOptions(options: unknown, form: keyof typeof forms): AnyTaskOptions | undefined {
  if (options === undefined || options === null) return undefined;
  if (typeof options !== 'object') {
    warnOnce('options', `the options of a task must be an object, got ${typeof options}; they are ignored`);
    return undefined;
  }
  const fields = forms[form];
  const read: Record<string, unknown> = {};
  for (const name in fields) {
    try {
      const given = (options as Record<string, unknown>)[name];
      if (given !== undefined) read[name] = accepted(name, fields[name]!, given);
    } catch (error) {
      warnOnce(`option ${name}`, `the option "${name}" of a task could not be read (${errorText(error)})`);
    }
  }
  warnOfUnknown(options, fields);
  return read;
}

function accepted(name: string, field: ScalarData, given: unknown): unknown {
  const value = accept(field, given);
  if (value === undefined) {
    const expected = expectedOf(field);
    warnOnce(
      `option ${name}`,
      `the option "${name}" of a task must be ${expected}, got ${shown(given)}; it is ignored`,
    );
  }
  return value;
}

function warnOfUnknown(options: object, known: Fields): void {
  try {
    for (const name of Object.keys(options)) {
      if (Object.hasOwn(known, name)) continue;
      warnOnce(
        'option unknown',
        `a task has no option ${JSON.stringify(name.slice(0, 64))}; the options are ${Object.keys(known).join(', ')}`,
      );
      return;
    }
  } catch {
    // The keys of a proxy cannot be listed. The known options were read.
  }
}

function asKind(value: unknown): SpanKind | undefined {
  return typeof value === 'number' && SpanKind[value] !== undefined ? value : undefined;
}

function asExpected(value: unknown): TaskOptions['expected'] {
  return typeof value === 'boolean' || typeof value === 'function' ? (value as boolean) : undefined;
}

/** `null` means no parent, like `undefined`. */
function asTaskOrNull(value: unknown): Task | undefined {
  return value === null || stateOf(value) !== undefined ? (value as Task) : undefined;
}
