import {
  type AnyField,
  type Fields,
  type Form,
  type Group,
  type GroupData,
  group,
  listed,
  type NumberData,
  OptionReader,
  type Problem,
  type ScalarData,
  suggestion,
} from '../settings/index.ts';
import { parseDuration, parseSize, showDuration, showSize } from '../text/index.ts';

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'BURSTLOG_';

/** `emitLevel` is `BURSTLOG_EMIT_LEVEL`, `slowerThanMillis` is `BURSTLOG_SLOWER_THAN`. */
export function variableOf(option: string): string {
  const words = option.replace(/Millis$/, '').replaceAll(/[A-Z]/g, (letter) => `_${letter}`);
  return PREFIX + words.toUpperCase();
}

/**
 * Reads the options that the environment sets. What is wrong is reported and ignored; names of ours that are not known
 * are reported. An empty variable counts as not set.
 */
export function readEnvironment<F extends Fields>(
  definition: Group<F>,
  environment: Environment,
  report: (message: string) => void,
): Partial<Record<keyof F, unknown>> {
  const given: Partial<Record<keyof F, unknown>> = {};
  const options = Object.keys(definition.fields);
  for (const option of options) {
    const raw = environment[variableOf(option)]?.trim();
    if (raw === undefined || raw === '') continue;
    const reader = new OptionReader(new EnvironmentForm(report));
    const one: GroupData = group({ [option]: definition.fields[option]! });
    const read = reader.read(one, { [option]: raw }) as Record<string, unknown>;
    if (reader.isValid) given[option as keyof F] = read[option];
  }
  const known = options.map(variableOf);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    report(`${name} is not known${suggestion(name, known)}`);
  }
  return given;
}

type Raw = string | Readonly<Record<string, string>>;

/** Options as variables give them: texts, amounts with their unit. */
class EnvironmentForm implements Form<Raw> {
  readonly #report: (message: string) => void;

  constructor(report: (message: string) => void) {
    this.#report = report;
  }

  key(path: string): string {
    return path;
  }

  amount(kind: NumberData['kind'], value: number): string {
    return amountText(kind, value);
  }

  entries(raw: Raw): readonly (readonly [string, Raw])[] | undefined {
    return typeof raw === 'string' ? undefined : Object.entries(raw);
  }

  items(): undefined {
    return undefined;
  }

  isEmpty(): boolean {
    return false;
  }

  isReported(): boolean {
    return false;
  }

  scalar(field: ScalarData, raw: Raw): unknown {
    if (typeof raw !== 'string') return undefined;
    switch (field.kind) {
      case 'choice':
        return field.names.find((name) => name.toLowerCase() === raw.toLowerCase());
      case 'flag':
        return flags[raw.toLowerCase()];
      case 'millis':
        return parseDuration(raw);
      case 'bytes':
        return parseSize(raw);
      case 'count':
      case 'number':
        return Number(raw);
      default:
        return raw;
    }
  }

  takes(): boolean {
    return true;
  }

  expected(field: AnyField): string {
    switch (field.kind) {
      case 'choice':
        return listed(field.names);
      case 'flag':
        return 'true or false';
      case 'millis':
        return 'a duration such as 500ms or 2s';
      case 'bytes':
        return 'a size such as 64MiB';
      case 'count':
        return `a whole number from ${field.min}`;
      case 'path':
        return 'a path';
      default:
        return 'expected' in field ? field.expected : 'valid';
    }
  }

  shown(raw: Raw): string {
    return JSON.stringify(raw);
  }

  report({ path, message }: Problem<Raw>): void {
    this.#report(`${variableOf(path)} ${message}; it is ignored`);
  }

  missing(field: AnyField): string {
    return `must be ${this.expected(field)}`;
  }

  unknownKey(key: string, known: readonly string[]): string {
    return `${key} is not known${suggestion(key, known)}`;
  }
}

const flags: Readonly<Record<string, boolean>> = { true: true, false: false };

function amountText(kind: NumberData['kind'], value: number): string {
  if (kind === 'millis') return showDuration(value);
  return kind === 'bytes' ? showSize(value) : String(value);
}
