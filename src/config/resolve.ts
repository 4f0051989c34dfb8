import { isAbsolute, join, normalize } from 'node:path';
import { suggestion } from '../text/index.ts';
import type { Faults, Position } from './fault.ts';
import {
  type ChoiceField,
  type Derivation,
  type Field,
  type FileUse,
  keyOf,
  type ListField,
  type MapField,
  type ObjectField,
  type ScalarField,
} from './field.ts';
import type { Given, GivenMap, GivenScalar } from './given.ts';
import { shownGiven } from './scalars.ts';
import { laterKeys } from './schema.ts';

/** A file that the configuration names. */
export interface NamedFile {
  readonly use: FileUse;
  readonly file: string;
  readonly path: string;
  readonly at: Position;
}

/** A value of the configuration and where it comes from. */
interface Place {
  /** From the top: `sinks.archive.path`. */
  readonly path: string;
  /** The key that holds the value. */
  readonly at: Position;
}

type Plain = Record<string, unknown>;

/** Lays a schema over what is given: checks it, fills in defaults, and collects every fault. */
export class Resolver {
  readonly #faults: Faults;
  readonly #directory: string;
  readonly #pending: ((root: unknown, data: string) => void)[] = [];
  readonly #places = new Map<string, Position>();
  readonly files: NamedFile[] = [];

  /** @param directory what relative paths begin at */
  constructor(faults: Faults, directory: string) {
    this.#faults = faults;
    this.#directory = directory;
  }

  /** Where a key stands, or else the nearest one above it. */
  placeOf(path: string): Position {
    for (let above = path; above !== ''; above = above.slice(0, Math.max(0, above.lastIndexOf('.')))) {
      const at = this.#places.get(above);
      if (at !== undefined) return at;
    }
    return { line: 1, column: 1 };
  }

  /** Whether the key stands in the file, whatever its value is. */
  isGiven(path: string): boolean {
    return this.#places.has(path);
  }

  resolve<T>(schema: ObjectField<T>, given: Given): T | undefined {
    return this.#object(schema as ObjectField<unknown>, given, { path: '', at: given.at }) as T | undefined;
  }

  /** Fills in the defaults that depend on other values. Only after everything else was found right. */
  derive(root: unknown, data: string): void {
    for (const step of this.#pending) step(root, data);
  }

  #value(
    field: Field<unknown>,
    given: Given | undefined,
    place: Place,
    holder: Plain,
    property: string,
  ): unknown {
    if (field.kind === 'scalar') return this.#scalar(field, given, place, holder, property);
    if (field.kind === 'object') return this.#object(field as ObjectField<unknown>, given, place);
    if (field.kind === 'choice') return this.#choice(field, given, place);
    if (field.kind === 'list') return this.#list(field, given, place);
    return this.#map(field, given, place);
  }

  #scalar(
    field: ScalarField<unknown>,
    given: Given | undefined,
    place: Place,
    holder: Plain,
    property: string,
  ): unknown {
    if (given === undefined) return this.#absent(field, place, holder, property);
    if (given.kind !== 'scalar') {
      this.#faults.add(given.at, place.path, `${field.wish}, got a ${given.kind}`);
      return undefined;
    }
    if (given.spoiled) return undefined;
    const value = given.value === null ? undefined : field.read(given);
    if (value === undefined) {
      this.#faults.add(given.at, place.path, `${field.wish}, got ${shownGiven(given, field.secret)}`);
      return undefined;
    }
    return field.file === undefined ? value : this.#file(field.file, value as string, place.path, given.at);
  }

  #absent(field: ScalarField<unknown>, place: Place, holder: Plain, property: string): unknown {
    const { absence } = field;
    if (absence.kind === 'required') {
      this.#faults.add(place.at, place.path, `${field.wish}, got nothing; the key is needed`);
    }
    if (absence.kind === 'derived') {
      this.#pending.push((root, data) => {
        const context: Derivation = { root, holder, data };
        const value = absence.from(context);
        holder[property] =
          field.file === undefined ? value : this.#file(field.file, value as string, place.path, place.at);
      });
    }
    if (absence.kind !== 'default') return undefined;
    const value = field.read(writtenDefault(absence.text, place.at));
    return field.file === undefined ? value : this.#file(field.file, value as string, place.path, place.at);
  }

  #file(use: FileUse, given: string, path: string, at: Position): string {
    const file = normalize(isAbsolute(given) ? given : join(this.#directory, given));
    this.files.push({ use, file, path, at });
    return file;
  }

  #object(field: ObjectField<unknown>, given: Given | undefined, place: Place): unknown {
    if (given === undefined) {
      if (field.absence === 'optional' || field.absence === 'named') return undefined;
      if (field.absence === 'required') {
        this.#faults.add(place.at, place.path, 'a map, got nothing; the key is needed');
        return undefined;
      }
    }
    const isEmpty = given?.kind === 'scalar' && given.value === null && given.variables.length === 0;
    if (isEmpty && field.absence === 'off') return undefined;
    const entries =
      given === undefined || isEmpty ? emptyMap(place.at) : this.#asMap(given, place, field.fields);
    return entries === undefined ? undefined : this.#fields(field, entries, place);
  }

  #fields(
    field: ObjectField<unknown>,
    given: GivenMap,
    place: Place,
    ignored: readonly string[] = [],
  ): Plain {
    const fields = field.fields as Readonly<Record<string, Field<unknown>>>;
    const properties = Object.keys(fields);
    this.#unknownKeys(given, [...ignored, ...properties.map(keyOf)], place);
    const result: Plain = {};
    for (const property of properties) {
      const key = keyOf(property);
      const entry = given.entries.get(key);
      const below = this.#below(place, key, entry?.keyAt);
      const value = this.#value(fields[property]!, entry?.value, below, result, property);
      if (value !== undefined) result[property] = value;
    }
    return result;
  }

  #choice(field: ChoiceField<unknown>, given: Given | undefined, place: Place): unknown {
    const names = Object.keys(field.variants);
    const map = given === undefined ? undefined : this.#asMap(given, place, { type: field });
    if (map === undefined) return undefined;
    const entry = map.entries.get('type');
    const below = this.#below(place, 'type', entry?.keyAt);
    const wish = `one of ${names.join(', ')}`;
    const type = entry?.value;
    if (type === undefined || type.kind !== 'scalar') {
      const got = type === undefined ? 'nothing; the key is needed' : `a ${type.kind}`;
      this.#faults.add(type?.at ?? below.at, below.path, `${wish}, got ${got}`);
      return undefined;
    }
    if (type.spoiled) return undefined;
    if (!Object.hasOwn(field.variants, type.text)) {
      const later = field.later.includes(type.text) ? '; a newer distlogd has it, this one has not' : '';
      this.#faults.add(type.at, below.path, `${wish}, got ${shownGiven(type, false)}${later}`);
      return undefined;
    }
    const resolved = this.#fields(field.variants[type.text] as ObjectField<unknown>, map, place, ['type']);
    // The order of properties does not matter, but a person who prints it looks for the type first.
    return Object.assign(resolved, { type: type.text });
  }

  #map(field: MapField<unknown>, given: Given | undefined, place: Place): unknown {
    const isNothing = given === undefined || (given.kind === 'map' && given.entries.size === 0);
    if (isNothing || (given.kind === 'scalar' && given.value === null && !given.spoiled)) {
      if (field.absence === 'empty') return field.make([]);
      this.#faults.add(place.at, place.path, `at least one ${field.names.called}, got none`);
      return undefined;
    }
    const map = this.#asMap(given, place, {});
    if (map === undefined) return undefined;
    const known = new Map<string, string>();
    const entries: [string, unknown][] = [];
    for (const [name, entry] of map.entries) {
      const below = this.#below(place, name, entry.keyAt);
      if (!field.names.pattern.test(name)) {
        this.#faults.add(entry.keyAt, place.path, `${field.names.wish}, got ${shownKey(name)}`);
        continue;
      }
      const same = known.get(field.sameName(name));
      if (same !== undefined)
        this.#faults.add(entry.keyAt, below.path, `is the same ${field.names.called} as ${same}`);
      known.set(field.sameName(name), name);
      const value = this.#value(field.value, entry.value, below, {}, name);
      if (value !== undefined) entries.push([name, value]);
    }
    return field.make(entries);
  }

  #list(field: ListField<unknown>, given: Given | undefined, place: Place): unknown {
    if (given === undefined) return undefined;
    if (given.kind === 'scalar' && given.spoiled) return undefined;
    if (given.kind !== 'list' || given.items.length === 0) {
      const got =
        given.kind === 'scalar'
          ? shownGiven(given, field.item.secret)
          : `${given.kind === 'list' ? 'an empty' : 'a'} ${given.kind}`;
      this.#faults.add(given.at, place.path, `a list, each ${field.item.wish}, got ${got}`);
      return undefined;
    }
    const items = given.items.map((item, index) =>
      this.#scalar(field.item, item, { path: `${place.path}[${index}]`, at: item.at }, {}, ''),
    );
    return field.make(items);
  }

  #asMap(given: Given, place: Place, fields: object): GivenMap | undefined {
    if (given.kind === 'map') return given;
    if (given.kind === 'scalar' && given.spoiled) return undefined;
    const keys = Object.keys(fields).map(keyOf);
    const wish =
      keys.length === 0
        ? 'a map'
        : `a map with ${keys.length === 1 ? 'the key' : 'keys of'} ${keys.join(', ')}`;
    // What stands here may be a secret with the wrong indentation.
    const got = given.kind === 'list' ? 'a list' : shownGiven(given, true);
    this.#faults.add(given.at, place.path, `${wish}, got ${got}`);
    return undefined;
  }

  #unknownKeys(given: GivenMap, known: readonly string[], place: Place): void {
    for (const [key, { keyAt }] of given.entries) {
      if (known.includes(key)) continue;
      const isLater = place.path === '' && laterKeys.includes(key);
      const more = isLater ? '; a newer distlogd knows it, this one does not' : suggestion(key, known);
      this.#faults.add(keyAt, place.path, `unknown key ${shownKey(key)}${more}`);
    }
  }

  #below(place: Place, key: string, keyAt: Position | undefined): Place {
    const path = place.path === '' ? key : `${place.path}.${key}`;
    if (keyAt !== undefined) this.#places.set(path, keyAt);
    return { path, at: keyAt ?? place.at };
  }
}

function shownKey(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 57)}...` : key);
}

function emptyMap(at: Position): GivenMap {
  return { kind: 'map', entries: new Map(), at, size: 1 };
}

/** A default goes through the same reader as what a user writes. */
function writtenDefault(text: string, at: Position): GivenScalar {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  const value = words[text] ?? (/^\d+$/.test(text) ? Number(text) : text);
  return { kind: 'scalar', value, text, variables: [], spoiled: false, at, size: 1 };
}
