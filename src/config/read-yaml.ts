import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import { isReadable } from './characters.ts';
import type { ConfigErrors, Position } from './config-error.ts';
import { type RawMap, type RawScalar, type RawValue, typedValue } from './raw-value.ts';
import { type Environment, substitute } from './substitute.ts';

const maxCharacters = 262_144;
const maxValues = 20_000;

/**
 * Reads YAML 1.2. Aliases are allowed: an aliased value is shared, not copied, and the expanded file may have
 * 20,000 values, which bounds time and memory for malicious aliases.
 * @returns undefined if the file cannot be used; the errors contain the reason
 */
export function readYaml(
  given: string,
  environment: Environment,
  errors: ConfigErrors,
): RawValue | undefined {
  const start = { line: 1, column: 1 };
  // Editors neither show nor count a byte order mark.
  const text = given.replace(/^\ufeff/, '');
  if (text.length > maxCharacters) {
    errors.add(start, '', `the file must have at most ${maxCharacters} characters, got ${text.length}`);
    return undefined;
  }
  if (!isReadable(text, errors)) return undefined;
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: true,
    resolveKnownTags: false,
    logLevel: 'error',
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (!isSound(document, text, position, errors)) return undefined;
  if (document.contents === null) {
    return { kind: 'map', entries: new Map(), at: start, size: 1 };
  }
  const raw = new RawReader(position, environment, errors).read(document.contents as Node, '');
  if (raw.size <= maxValues) return raw;
  errors.add(
    start,
    '',
    `the file must have at most ${maxValues} values with aliases expanded, got ${raw.size}`,
  );
  return undefined;
}

/** The library's messages may quote the text, and so a secret; these do not. */
const syntaxMessages: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'an alias or anchor needs a name',
  BAD_COLLECTION_TYPE: 'the tag does not match the value',
  BAD_DIRECTIVE: 'unknown directive',
  BAD_DQ_ESCAPE:
    'in double quotes a backslash begins an escape sequence; this one is unknown (single quotes have none)',
  BAD_INDENT: 'wrong indentation, or a bracket is not closed before this',
  BAD_PROP_ORDER: 'anchors and tags must follow the indicator',
  BAD_SCALAR_START: 'a text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, or a text with ": " that needs quotes',
  BLOCK_IN_FLOW: 'an indented block is not allowed inside brackets',
  KEY_OVER_1024_CHARS: 'a key must have at most 1024 characters',
  MISSING_CHAR: 'a character is missing: a quote, bracket, comma or colon',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is the colon missing?',
  MULTIPLE_ANCHORS: 'a value can have only one anchor',
  MULTIPLE_DOCS: 'a file must have only one document; a second one begins here',
  MULTIPLE_TAGS: 'a value can have only one tag',
  NON_STRING_KEY: 'a key must be a plain name',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'indentation must consist of blanks, not of tabs',
  TAG_RESOLVE_FAILED: 'unknown tag',
  UNEXPECTED_TOKEN: 'unexpected token',
};

/**
 * Errors that do not cause others. All other errors cause more of the same code; only the first one is
 * reported.
 */
const independent: ReadonlySet<string> = new Set([
  'BAD_DQ_ESCAPE',
  'BAD_SCALAR_START',
  'NON_STRING_KEY',
  'TAG_RESOLVE_FAILED',
]);

function isSound(
  document: Document,
  text: string,
  position: (offset: number) => Position,
  errors: ConfigErrors,
): boolean {
  const reported = new Set<string>();
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    const at = position(pos[0]);
    const once = independent.has(code) ? `${code} ${at.line}` : code;
    if (reported.has(once)) continue;
    reported.add(once);
    const inBrackets =
      code === 'UNEXPECTED_TOKEN' && /\{[^}]*\$\{[^}]*\}/.test(text.split('\n')[at.line - 1] ?? '');
    const hint = inBrackets ? `; inside { }, \${env:NAME} needs quotes` : '';
    errors.add(at, '', `invalid YAML: ${syntaxMessages[code] ?? code}${hint}`);
  }
  return reported.size === 0;
}

/**
 * Converts YAML nodes to {@link RawValue}, in the order of the text, so that an anchor is read before its
 * aliases.
 */
class RawReader {
  readonly #position: (offset: number) => Position;
  readonly #environment: Environment;
  readonly #errors: ConfigErrors;
  readonly #anchors = new Map<string, RawValue>();

  constructor(position: (offset: number) => Position, environment: Environment, errors: ConfigErrors) {
    this.#position = position;
    this.#environment = environment;
    this.#errors = errors;
  }

  read(node: Node | null, path: string): RawValue {
    const at = this.#position(node?.range?.[0] ?? 0);
    if (isAlias(node)) return this.#anchors.get(node.source) ?? this.#unknownAlias(at, path);
    const raw = this.#value(node, at, path);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, raw);
    }
    return raw;
  }

  #value(node: Node | null, at: Position, path: string): RawValue {
    if (isMap(node)) return this.#map(node.items, at, path);
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item as Node, `${path}[${index}]`));
      return { kind: 'list', items, at, size: sizeOf(items) };
    }
    return this.#scalar(
      isScalar(node) ? node.value : null,
      isScalar(node) ? node.source : undefined,
      at,
      path,
    );
  }

  #map(items: readonly unknown[], at: Position, path: string): RawMap {
    const entries = new Map<string, RawValue>();
    for (const item of items) {
      if (!isPair(item) || !isScalar(item.key)) continue;
      const key = String(item.key.value ?? '');
      const keyAt = this.#position(item.key.range?.[0] ?? 0);
      const below = path === '' ? key : `${path}.${key}`;
      const first = entries.get(key);
      if (first !== undefined) {
        this.#errors.add(keyAt, below, `duplicate key, first in line ${first.keyAt?.line}`);
        continue;
      }
      const value = this.read(item.value as Node | null, below);
      // An empty value is located after the colon, possibly lines below; its key is the more useful position.
      const isEmpty = value.kind === 'scalar' && value.text === '';
      entries.set(key, { ...value, keyAt, at: isEmpty ? keyAt : value.at });
    }
    return { kind: 'map', entries, at, size: sizeOf([...entries.values()]) };
  }

  #scalar(value: unknown, source: string | undefined, at: Position, path: string): RawScalar {
    const rest = { kind: 'scalar', at, size: 1 } as const;
    if (typeof value !== 'string') {
      return { ...rest, value, text: source ?? '', variables: [], isReported: false };
    }
    const { text, variables, isWhole, problems } = substitute(value, this.#environment);
    for (const problem of problems) this.#errors.add(at, path, problem);
    const isReported = problems.length > 0;
    return { ...rest, value: isWhole ? typedValue(text) : text, text, variables, isReported };
  }

  #unknownAlias(at: Position, path: string): RawScalar {
    this.#errors.add(at, path, 'needs an anchor of this name that is complete before the alias');
    return { kind: 'scalar', value: null, text: '', variables: [], isReported: true, at, size: 1 };
  }
}

function sizeOf(values: readonly RawValue[]): number {
  return values.reduce((sum, value) => sum + value.size, 1);
}
