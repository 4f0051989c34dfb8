import { accept } from './accept.ts';
import type { AnyField, GroupData, ListData, MapData, ScalarData, VariantsData, Writing } from './field.ts';

/** A problem with the given options. */
export interface Problem<Raw> {
  /** The path of the option in its format: `rotate.maxAge`. */
  readonly path: string;
  /** The text that follows the option's name: `must be ...`. */
  readonly message: string;
  /** Its location: the value, or the key for a missing or unknown one. Undefined if there is none. */
  readonly raw?: Raw | undefined;
  readonly isAboutKey?: boolean | undefined;
  /** A number is out of range. */
  readonly isRange?: boolean | undefined;
}

/** A format of options: JavaScript, or a configuration file. `Raw` is a value in that format. */
export interface Form<Raw> extends Writing {
  /** The keys and values of a map in their order; undefined if the value is not a map. */
  entries(raw: Raw): readonly (readonly [string, Raw])[] | undefined;
  items(raw: Raw): readonly Raw[] | undefined;
  /** Whether the key has no value. */
  isEmpty(raw: Raw): boolean;
  /** Whether the value is invalid and was already reported when it was read. */
  isReported(raw: Raw): boolean;
  /** The value as JavaScript, before it is checked; undefined if it cannot be converted. */
  scalar(field: ScalarData, raw: Raw, path: string): unknown;
  /** Whether the option can be set in this format. */
  takes(field: AnyField): boolean;
  /** Describes a valid value: "a whole number from 1". */
  expected(field: AnyField): string;
  shown(raw: Raw, isSecret: boolean): string;
  /** Reports a problem. May throw; otherwise reading continues. */
  report(problem: Problem<Raw>): void;
  missing(field: AnyField): string;
  unknownKey(key: string, known: readonly string[]): string;
}

/** The location of a value. */
interface Place<Raw> {
  readonly path: string;
  readonly holder: Raw | undefined;
}

/** Reads options by their definition: checks them, fills in the defaults, reports every problem. */
export class OptionReader<Raw> {
  readonly #form: Form<Raw>;
  /** Whether the options read last are valid. If not, invalid options are missing in the result. */
  isValid = true;

  constructor(form: Form<Raw>) {
    this.#form = form;
  }

  read(definition: GroupData, raw: Raw): unknown {
    this.isValid = true;
    if (raw === undefined) return this.#wrong(definition, raw, '');
    return this.#group(definition, raw, { path: '', holder: raw });
  }

  #field(field: AnyField, raw: Raw | undefined, place: Place<Raw>): unknown {
    if (raw !== undefined && this.#form.isReported(raw)) {
      this.isValid = false;
      return undefined;
    }
    switch (field.kind) {
      case 'group':
        return this.#group(field, raw, place);
      case 'variants':
        return this.#variants(field, raw, place);
      case 'map':
        return this.#map(field, raw, place);
      case 'list':
        return this.#list(field, raw, place);
      default:
        return raw === undefined ? this.#absent(field, place) : this.#scalar(field, raw, place);
    }
  }

  #scalar(field: ScalarData, raw: Raw, { path }: Place<Raw>): unknown {
    const value = accept(field, this.#form.scalar(field, raw, path));
    if (value === undefined) this.#wrong(field, raw, path);
    return value;
  }

  /** The value if the option is missing. */
  #absent(field: AnyField, { path, holder }: Place<Raw>): unknown {
    const { absence } = field;
    if (absence.kind === 'default') return 'parse' in field ? accept(field, absence.value) : absence.value;
    if (absence.kind === 'required') {
      this.#report({ path, message: this.#form.missing(field), raw: holder, isAboutKey: true });
    }
    return undefined;
  }

  #group(field: GroupData, raw: Raw | undefined, place: Place<Raw>): unknown {
    if (raw === undefined && field.absence.kind !== 'default') return this.#absent(field, place);
    const isEmpty = raw !== undefined && this.#form.isEmpty(raw);
    if (field.canBeOff && raw !== undefined && (isEmpty || this.#form.scalar(off, raw, '') === false)) {
      return false;
    }
    const entries = raw === undefined || isEmpty ? [] : this.#form.entries(raw);
    if (entries === undefined) return this.#wrong(field, raw!, place.path);
    return this.#options(field, entries, raw, place);
  }

  #options(
    field: GroupData,
    entries: readonly (readonly [string, Raw])[],
    raw: Raw | undefined,
    { path, holder }: Place<Raw>,
    ...ignored: readonly string[]
  ): Record<string, unknown> {
    const wasValid = this.isValid;
    this.isValid = true;
    const given = new Map(entries);
    const known = Object.keys(field.fields).filter((name) => this.#form.takes(field.fields[name]!));
    this.#unknownKeys(entries, [...ignored, ...known.map((name) => this.#form.key(name))], path);
    const values: Record<string, unknown> = {};
    for (const [name, option] of Object.entries(field.fields)) {
      const key = this.#form.key(name);
      const place = { path: below(path, key), holder: raw ?? holder };
      const value = this.#field(option, known.includes(name) ? given.get(key) : undefined, place);
      if (value !== undefined) values[name] = value;
    }
    if (this.isValid) this.#crossCheck(field, values, raw ?? holder, path);
    this.isValid &&= wasValid;
    return values;
  }

  #crossCheck(field: GroupData, values: object, raw: Raw | undefined, path: string): void {
    for (const check of field.checks) {
      const message = check.problem(values, this.#form);
      if (message === undefined) continue;
      const at = this.#form.key(check.at);
      this.#report({
        path: below(path, at),
        message,
        raw: nearestTo(at, raw, this.#form),
        isAboutKey: true,
        isRange: check.isRange,
      });
    }
  }

  #variants(field: VariantsData, raw: Raw | undefined, place: Place<Raw>): unknown {
    if (raw === undefined) return this.#absent(field, place);
    const entries = this.#form.entries(raw);
    if (entries === undefined) return this.#wrong(field, raw, place.path);
    const type: ScalarData = {
      kind: 'choice',
      names: Object.keys(field.variants),
      absence: { kind: 'required' },
    };
    const given = entries.find(([key]) => key === 'type')?.[1];
    const name = this.#field(type, given, { path: below(place.path, 'type'), holder: raw });
    if (name === undefined) return undefined;
    const values = this.#options(field.variants[name as string]!, entries, raw, place, 'type');
    return { type: name, ...values };
  }

  #map(field: MapData, raw: Raw | undefined, place: Place<Raw>): unknown {
    const entries = raw === undefined || this.#form.isEmpty(raw) ? [] : this.#form.entries(raw);
    if (entries === undefined) return this.#wrong(field, raw!, place.path);
    if (entries.length === 0) return this.#absent(field, { ...place, holder: raw ?? place.holder });
    const { called, rule, pattern } = field.names;
    const known = new Map<string, string>();
    const values: [string, unknown][] = [];
    for (const [name, value] of entries) {
      const path = below(place.path, name);
      if (!pattern.test(name)) {
        const message = `has the key ${shownKey(name)}, but a ${called} ${rule}`;
        this.#report({ path: place.path, message, raw: value, isAboutKey: true });
        continue;
      }
      const same = known.get(name.toLowerCase());
      known.set(name.toLowerCase(), name);
      if (same !== undefined) {
        this.#report({ path, message: `is the same ${called} as ${same}`, raw: value, isAboutKey: true });
      }
      values.push([name, this.#field(field.value, value, { path, holder: value })]);
    }
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }

  #list(field: ListData, raw: Raw | undefined, place: Place<Raw>): unknown {
    if (raw === undefined) return this.#absent(field, place);
    const items = this.#form.items(raw);
    if (items === undefined || items.length === 0) return this.#wrong(field, raw, place.path);
    return items.map((item, index) =>
      this.#field(field.item, item, { path: `${place.path}[${index}]`, holder: raw }),
    );
  }

  #unknownKeys(entries: readonly (readonly [string, Raw])[], known: readonly string[], path: string): void {
    for (const [key, raw] of entries) {
      if (known.includes(key)) continue;
      this.#report({ path, message: this.#form.unknownKey(key, known), raw, isAboutKey: true });
    }
  }

  #wrong(field: AnyField, raw: Raw, path: string): undefined {
    const isParent = field.kind === 'group' || field.kind === 'map' || field.kind === 'variants';
    const isSecret = field.isSecret === true || (field.kind === 'list' && field.item.isSecret === true);
    // A map may contain a secret that is incorrectly indented.
    const got = this.#form.shown(raw, isSecret || isParent);
    const isRange = 'min' in field || (field.kind === 'code' && field.isRange);
    this.#report({ path, message: `must be ${this.#form.expected(field)}, got ${got}`, raw, isRange });
    return undefined;
  }

  #report(problem: Problem<Raw>): void {
    this.isValid = false;
    this.#form.report(problem);
  }
}

const off: ScalarData = { kind: 'flag', absence: { kind: 'required' } };

function below(path: string, key: string): string {
  return path === '' || key === '' ? path + key : `${path}.${key}`;
}

/** The value at a path, or its closest existing parent. */
export function nearestTo<Raw>(path: string, raw: Raw | undefined, form: Form<Raw>): Raw | undefined {
  let found = raw;
  for (const key of path.split('.')) {
    const entries = found === undefined ? undefined : form.entries(found);
    const next = entries?.find(([name]) => name === key);
    if (next === undefined) return found;
    found = next[1];
  }
  return found;
}

/** Formats a key for a message. */
export function shownKey(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 57)}...` : key);
}
