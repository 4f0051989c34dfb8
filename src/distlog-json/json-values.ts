import {
  type AnyValue,
  type Attributes,
  doubleValue,
  intValue,
  isBytes,
  isMap,
  isWholeDouble,
  LIST_DEPTH,
  MAP_DEPTH,
  MAX_DEPTH,
  WireError,
  wellFormed,
} from '../otlp/index.ts';

/**
 * Writes values as readable JSON: texts, numbers, true, false, null, arrays and objects are written as such.
 * A value that JSON cannot represent exactly is an object with one key, named as in OTLP/JSON: an integer
 * beyond 2^53 `{"intValue":"…"}`, a double that looks like an integer or is not finite `{"doubleValue":"2"}`,
 * bytes `{"bytesValue":"<base64>"}`. A map that would look like one of these is wrapped:
 * `{"kvlistValue":{…}}`.
 */
export function valueJson(value: AnyValue): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `{"intValue":"${value}"}`;
  if (typeof value === 'number') return isPlain(value) ? String(value) : doubleTag(value);
  if (isBytes(value)) return `{"bytesValue":"${Buffer.from(value).toString('base64')}"}`;
  if (isWholeDouble(value)) return doubleTag(value.double);
  if (!isMap(value)) return `[${value.map(valueJson).join(',')}]`;
  const [first, ...rest] = value.entries;
  const text = objectJson(value.entries);
  return first !== undefined && rest.length === 0 && ownTags.has(first[0]) ? `{"kvlistValue":${text}}` : text;
}

/** Attributes as an object; readers see the last value of a repeated key. */
export function objectJson(entries: Attributes): string {
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${valueJson(value)}`).join(',')}}`;
}

/** Whether the number is exact in JSON and is read back with the same type. */
function isPlain(value: number): boolean {
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
}

function doubleTag(value: number): string {
  return `{"doubleValue":"${Object.is(value, -0) ? '-0' : value}"}`;
}

/** Reads the content of a tagged value; undefined if it only looks like one. */
type Tag = (inner: unknown, depth: number) => AnyValue | undefined;

const tags: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  ['intValue', (inner) => (isText(inner, /^-?\d{1,20}$/) ? intValue(BigInt(inner)) : undefined)],
  [
    'doubleValue',
    (inner) =>
      isText(inner, /^(?:NaN|-?Infinity|-?\d[\d.e+-]{0,30})$/) ? doubleValue(Number(inner)) : undefined,
  ],
  [
    'bytesValue',
    (inner) =>
      isText(inner, /^[A-Za-z0-9+/]*={0,2}$/) ? new Uint8Array(Buffer.from(inner, 'base64')) : undefined,
  ],
  [
    'kvlistValue',
    (inner, depth) =>
      isObject(inner) ? { entries: entriesOf(inner, depth + MAP_DEPTH, ownTags) } : undefined,
  ],
]);

/** Keys for Python's numbers that were replaced before JSON.parse. No program writes such keys. */
const INT_KEY = '\u0000int';
const DOUBLE_KEY = '\u0000double';
const pythonTags: ReadonlyMap<string, Tag> = new Map<string, Tag>([
  [INT_KEY, (inner) => (isText(inner, /^-?\d{1,400}$/) ? fittingInt(BigInt(inner)) : undefined)],
  [DOUBLE_KEY, (inner) => (isText(inner, /^(?:NaN|-?Infinity)$/) ? Number(inner) : undefined)],
]);

/** In our own records long integers are replaced too. */
const ownTags: ReadonlyMap<string, Tag> = new Map([...tags, ...pythonTags]);

/** Replaces a long integer in JSON for {@link readPythonJson}. */
export function taggedInt(word: string): string {
  return JSON.stringify({ [INT_KEY]: word });
}

/** Replaces NaN, Infinity and -Infinity in JSON for {@link readPythonJson}. */
export function taggedDouble(word: string): string {
  return JSON.stringify({ [DOUBLE_KEY]: word });
}

/** Reads the output of {@link valueJson}. @param depth depth of the value in a request @throws WireError */
export function readValueJson(json: unknown, depth: number): AnyValue {
  return anyValue(json, depth, ownTags);
}

/** Reads JSON written by Python. @param depth depth of the value in a request @throws WireError */
export function readPythonJson(json: unknown, depth: number): AnyValue {
  return anyValue(json, depth, pythonTags);
}

/** A Python integer; beyond 64 bits it becomes decimal text. */
export function fittingInt(value: bigint): AnyValue {
  return BigInt.asIntN(64, value) === value ? intValue(value) : String(value);
}

function anyValue(json: unknown, depth: number, known: ReadonlyMap<string, Tag>): AnyValue {
  if (Array.isArray(json)) checkDepth(depth + LIST_DEPTH);
  else if (isObject(json)) checkDepth(depth + MAP_DEPTH);
  if (Array.isArray(json)) return json.map((item) => anyValue(item, depth + LIST_DEPTH, known));
  if (isObject(json)) {
    const [key, ...rest] = Object.keys(json);
    const tag = key === undefined || rest.length > 0 ? undefined : known.get(key);
    const tagged = tag?.(json[key!], depth);
    return tagged === undefined ? { entries: entriesOf(json, depth + MAP_DEPTH, known) } : tagged;
  }
  if (typeof json === 'string') return wellFormed(json);
  return json as boolean | number | null;
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new WireError('too_deep', 'a value is nested deeper than 31 maps');
}

function entriesOf(json: Json, depth: number, known: ReadonlyMap<string, Tag>): Attributes {
  return Object.entries(json).map(([key, item]) => [wellFormed(key), anyValue(item, depth, known)]);
}

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

/** distlog writes a line break in a text as a backslash and an n. */
export function withoutLineBreaks(text: string): string {
  return text.replaceAll('\n', '\\n');
}

/** The reverse; an original backslash followed by n becomes a line break too. */
export function withLineBreaks(text: string): string {
  return text.replaceAll('\\n', '\n');
}
