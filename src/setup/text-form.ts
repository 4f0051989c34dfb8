import {
  type AnyField,
  type Form,
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

/**
 * Reads the value of an option from a string, such as an environment variable.
 * @param report receives the problem as it follows the name: "must be ..."
 * @returns undefined if the value is invalid
 */
export function readText(
  option: string,
  field: AnyField,
  raw: string,
  report: (message: string) => void,
): unknown {
  const reader = new OptionReader(new TextForm(report));
  const one: GroupData = group({ [option]: field });
  const read = reader.read(one, { [option]: raw }) as Record<string, unknown>;
  return reader.isValid ? read[option] : undefined;
}

type Raw = string | Readonly<Record<string, string>>;

/** Reads options from strings; amounts have a unit. */
class TextForm implements Form<Raw> {
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

  report({ message }: Problem<Raw>): void {
    this.#report(message);
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
