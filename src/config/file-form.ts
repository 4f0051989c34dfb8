import { isAbsolute, join, normalize } from 'node:path';
import {
  type AnyField,
  type FileContents,
  type Form,
  listed,
  type NumberData,
  type Problem,
  type ScalarData,
  shown,
  shownKey,
  suggestion,
} from '../settings/index.ts';
import { parseDuration, parseSize, showDuration, showSize } from '../text/index.ts';
import type { ConfigErrors, Position } from './config-error.ts';
import type { RawScalar, RawValue } from './raw-value.ts';

/** A file that is named by the configuration and read before the daemon starts. */
export interface NamedFile {
  readonly contents: FileContents;
  readonly file: string;
  /** The key that names it. */
  readonly path: string;
  readonly at: Position;
}

/**
 * Options in a configuration file: sizes and durations have a unit, so the key of `maxAgeMillis` is `maxAge`;
 * paths are relative to the directory of the file. Every problem is reported, with line and column.
 */
export class FileForm implements Form<RawValue> {
  readonly #errors: ConfigErrors;
  readonly #directory: string;
  readonly files: NamedFile[] = [];

  constructor(errors: ConfigErrors, directory: string) {
    this.#errors = errors;
    this.#directory = directory;
  }

  key(path: string): string {
    return keyOf(path);
  }

  amount(kind: NumberData['kind'], value: number): string {
    return showAmount(kind, value);
  }

  entries(raw: RawValue): readonly (readonly [string, RawValue])[] | undefined {
    return raw.kind === 'map' ? [...raw.entries] : undefined;
  }

  items(raw: RawValue): readonly RawValue[] | undefined {
    return raw.kind === 'list' ? raw.items : undefined;
  }

  isEmpty(raw: RawValue): boolean {
    return raw.kind === 'scalar' && raw.value === null && raw.variables.length === 0;
  }

  isReported(raw: RawValue): boolean {
    return raw.kind === 'scalar' && raw.isReported;
  }

  scalar(field: ScalarData, raw: RawValue, path: string): unknown {
    if (raw.kind !== 'scalar' || raw.value === null) return undefined;
    switch (field.kind) {
      case 'bytes':
        return parseSize(raw.text);
      case 'millis':
        return parseDuration(raw.text);
      case 'choice':
        return raw.text;
      case 'text':
        return textIn(raw);
      case 'path':
        return this.#file(field.contents, textIn(raw), path, raw.at);
      default:
        return raw.value;
    }
  }

  #file(contents: FileContents | undefined, text: string | undefined, path: string, at: Position) {
    if (text === undefined || text === '') return text;
    const file = normalize(isAbsolute(text) ? text : join(this.#directory, text));
    if (contents !== undefined) this.files.push({ contents, file, path, at });
    return file;
  }

  takes(field: AnyField): boolean {
    return !field.isInternal;
  }

  expected(field: AnyField): string {
    return expectedInFile(field);
  }

  shown(raw: RawValue, isSecret: boolean): string {
    if (raw.kind !== 'scalar') return raw.size === 1 ? `an empty ${raw.kind}` : `a ${raw.kind}`;
    const { value, variables } = raw;
    if (variables.length > 0) return `the value of ${variables.join(', ')} (not shown)`;
    if (value === null) return 'nothing';
    if (isSecret) return `a ${typeof value === 'string' ? 'string' : typeof value} (not shown)`;
    return shown(typeof value === 'string' ? withoutCredentials(value) : value);
  }

  report({ path, message, raw, isAboutKey }: Problem<RawValue>): void {
    const start = { line: 1, column: 1 };
    this.#errors.add((isAboutKey ? raw?.keyAt : raw?.at) ?? start, path, message);
  }

  missing(field: AnyField): string {
    if (field.kind === 'map') return `needs at least one ${field.names.called}, got none`;
    return `is required: ${expectedInFile(field)}`;
  }

  unknownKey(key: string, known: readonly string[]): string {
    return `unknown key ${shownKey(key)}${suggestion(key, known)}`;
  }
}

/** The key of an option: a duration has a unit, so `maxAgeMillis` is `maxAge`. */
export function keyOf(path: string): string {
  return path.replaceAll(/Millis(?=\.|$)/g, '');
}

/** An amount with its unit: `64MiB`, `10s`. */
export function showAmount(kind: NumberData['kind'], value: number): string {
  if (kind === 'bytes') return showSize(value);
  return kind === 'millis' ? showDuration(value) : String(value);
}

/** `from 1MiB to 1GiB`, `above 0, up to 1`, or `of at least 1MiB, or 0` */
export function boundsOf({ kind, min, max, orZero, isAbove }: NumberData): string {
  const [start, upTo] = isAbove ? ['above', ', up to'] : ['from', ' to'];
  const isOpen = max >= Number.MAX_SAFE_INTEGER;
  const least = `${isOpen && !isAbove ? 'of at least' : start} ${showAmount(kind, min)}`;
  const bounds = isOpen ? least : `${least}${upTo} ${showAmount(kind, max)}`;
  return orZero ? `${bounds}, or 0` : bounds;
}

function expectedInFile(field: AnyField): string {
  switch (field.kind) {
    case 'bytes':
      return `a size ${boundsOf(field)} (example: ${exampleOf(field, '64MiB')})`;
    case 'millis':
      return `a duration ${boundsOf(field)} (example: ${exampleOf(field, '10s')})`;
    case 'count':
      return `a whole number ${boundsOf(field)}`;
    case 'number':
      return `a number ${boundsOf(field)}`;
    case 'choice':
      return listed(field.names);
    case 'flag':
      return 'true or false';
    case 'path':
      return 'a path';
    case 'value':
      return 'a string, a number, true or false';
    case 'text':
    case 'code':
      return field.expected;
    case 'list':
      return `a list, each ${expectedInFile(field.item)}`;
    case 'group': {
      const keys = fileFields(field.fields).map(([key]) => key);
      return `${field.canBeOff ? 'false, or ' : ''}a map with keys of ${keys.join(', ')}`;
    }
    case 'variants':
      return 'a map with the key type';
    case 'map':
      return 'a map';
  }
}

/** The options of a group that configuration files can set, with their keys. */
export function fileFields(
  fields: Readonly<Record<string, AnyField>>,
): readonly (readonly [string, AnyField])[] {
  return Object.entries(fields)
    .filter(([, field]) => !field.isInternal)
    .map(([name, field]) => [keyOf(name), field]);
}

function exampleOf({ example, absence, kind }: NumberData, otherwise: string): string {
  if (example !== undefined) return example;
  const value = absence.kind === 'default' ? absence.value : 0;
  return typeof value === 'number' && value > 0 ? showAmount(kind, value) : otherwise;
}

/** Numbers and booleans need quotes to be strings, unless they come from the environment. */
function textIn({ value, text, variables }: RawScalar): string | undefined {
  return typeof value === 'string' || variables.length > 0 ? text : undefined;
}

/** Hides the credentials in `http://user:password@host`. */
function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//...@');
}
