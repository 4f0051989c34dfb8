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
import type { Faults, Position } from './fault.ts';
import { type Environment, substitute } from './substitute.ts';
import { typed } from './typed.ts';

/** What stands in the configuration's text, each value with its place. */
export type Given = GivenScalar | GivenList | GivenMap;

export interface GivenScalar {
  readonly kind: 'scalar';
  /** As YAML's core schema reads it. */
  readonly value: unknown;
  /** As it stands there, after substitution. */
  readonly text: string;
  /** Names of the environment variables in it. Such a value is never shown. */
  readonly variables: readonly string[];
  /** What stands there is wrong already and was told; it is not to be judged again. */
  readonly spoiled: boolean;
  readonly at: Position;
  readonly size: number;
}

export interface GivenList {
  readonly kind: 'list';
  readonly items: readonly Given[];
  readonly at: Position;
  readonly size: number;
}

export interface GivenMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, GivenEntry>;
  readonly at: Position;
  readonly size: number;
}

export interface GivenEntry {
  readonly keyAt: Position;
  readonly value: Given;
}

const maxCharacters = 262_144;
const maxValues = 20_000;

/**
 * Reads YAML 1.2. Aliases are allowed: an aliased value is shared, not copied, and the file as it would be with
 * all aliases written out may have 20,000 values, so that no alias bomb costs time or memory.
 * @returns undefined if there is nothing sound to go on with; the faults say why
 */
export function readGiven(text: string, environment: Environment, faults: Faults): Given | undefined {
  const start = { line: 1, column: 1 };
  if (text.length > maxCharacters) {
    faults.add(start, '', `a file of at most ${maxCharacters} characters, got ${text.length}`);
    return undefined;
  }
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
  if (!isSound(document, text, position, faults)) return undefined;
  if (document.contents === null) {
    return { kind: 'map', entries: new Map(), at: start, size: 1 };
  }
  const given = new GivenReader(position, environment, faults).read(document.contents as Node, '');
  if (given.size <= maxValues) return given;
  faults.add(
    start,
    '',
    `a file of at most ${maxValues} values with its aliases written out, got ${given.size}`,
  );
  return undefined;
}

/** The library's own messages may quote the text, and so a secret; these do not. */
const syntaxMessages: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias takes neither anchor nor tag',
  BAD_ALIAS: 'an alias or anchor needs a name',
  BAD_COLLECTION_TYPE: 'the tag does not fit the value',
  BAD_DIRECTIVE: 'a directive that is not understood',
  BAD_DQ_ESCAPE:
    'in double quotes a backslash begins an escape sequence; this one is unknown (single quotes have none)',
  BAD_INDENT: 'the indentation does not fit, or a bracket is not closed before this',
  BAD_PROP_ORDER: 'anchors and tags stand after the indicator',
  BAD_SCALAR_START: 'a text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, or a text with ": " that needs quotes',
  BLOCK_IN_FLOW: 'inside of brackets stands no indented block',
  KEY_OVER_1024_CHARS: 'a key of at most 1024 characters',
  MISSING_CHAR: 'a character is missing: a quote, bracket, comma or colon',
  MULTILINE_IMPLICIT_KEY: 'a key stands on one line; is the colon missing?',
  MULTIPLE_ANCHORS: 'one anchor at most',
  MULTIPLE_DOCS: 'one document in a file, a second begins here',
  MULTIPLE_TAGS: 'one tag at most',
  NON_STRING_KEY: 'a key is a plain name',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'indentation is made of blanks, not of tabs',
  TAG_RESOLVE_FAILED: 'an unknown tag',
  UNEXPECTED_TOKEN: 'something that does not belong here',
};

/** Faults that stand alone. All others make more of their kind behind them, of which the first one tells most. */
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
  faults: Faults,
): boolean {
  const told = new Set<string>();
  for (const { code, pos } of [...document.errors, ...document.warnings]) {
    const at = position(pos[0]);
    const once = independent.has(code) ? `${code} ${at.line}` : code;
    if (told.has(once)) continue;
    told.add(once);
    const inBrackets =
      code === 'UNEXPECTED_TOKEN' && /\{[^}]*\$\{[^}]*\}/.test(text.split('\n')[at.line - 1] ?? '');
    const hint = inBrackets ? `; inside of { } a \${env:NAME} needs quotes` : '';
    faults.add(at, '', `no valid YAML: ${syntaxMessages[code] ?? code}${hint}`);
  }
  return told.size === 0;
}

/** Makes {@link Given} of YAML nodes, in the order of the text, so that an anchor is met before its aliases. */
class GivenReader {
  readonly #position: (offset: number) => Position;
  readonly #environment: Environment;
  readonly #faults: Faults;
  readonly #anchors = new Map<string, Given>();

  constructor(position: (offset: number) => Position, environment: Environment, faults: Faults) {
    this.#position = position;
    this.#environment = environment;
    this.#faults = faults;
  }

  read(node: Node | null, path: string): Given {
    const at = this.#position(node?.range?.[0] ?? 0);
    if (isAlias(node)) return this.#anchors.get(node.source) ?? this.#unknownAlias(at, path);
    const given = this.#value(node, at, path);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, given);
    }
    return given;
  }

  #value(node: Node | null, at: Position, path: string): Given {
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

  #map(items: readonly unknown[], at: Position, path: string): GivenMap {
    const entries = new Map<string, GivenEntry>();
    for (const item of items) {
      if (!isPair(item) || !isScalar(item.key)) continue;
      const key = String(item.key.value ?? '');
      const keyAt = this.#position(item.key.range?.[0] ?? 0);
      const below = path === '' ? key : `${path}.${key}`;
      const first = entries.get(key);
      if (first !== undefined) {
        this.#faults.add(keyAt, below, `a key stands once, got it before in line ${first.keyAt.line}`);
        continue;
      }
      const value = this.read(item.value as Node | null, below);
      // An empty value has its place after the colon, maybe lines further: the key is where one looks for it.
      const isEmpty = value.kind === 'scalar' && value.text === '';
      entries.set(key, { keyAt, value: isEmpty ? { ...value, at: keyAt } : value });
    }
    return { kind: 'map', entries, at, size: sizeOf([...entries.values()].map((entry) => entry.value)) };
  }

  #scalar(value: unknown, source: string | undefined, at: Position, path: string): GivenScalar {
    const rest = { kind: 'scalar', at, size: 1 } as const;
    if (typeof value !== 'string') {
      return { ...rest, value, text: source ?? '', variables: [], spoiled: false };
    }
    const { text, variables, isWhole, problems } = substitute(value, this.#environment);
    for (const problem of problems) this.#faults.add(at, path, problem);
    const spoiled = problems.length > 0;
    return { ...rest, value: isWhole ? typed(text) : text, text, variables, spoiled };
  }

  #unknownAlias(at: Position, path: string): GivenScalar {
    this.#faults.add(
      at,
      path,
      'an alias of an anchor that stands complete before it; there is none of this name',
    );
    return { kind: 'scalar', value: null, text: '', variables: [], spoiled: true, at, size: 1 };
  }
}

function sizeOf(values: readonly Given[]): number {
  return values.reduce((sum, value) => sum + value.size, 1);
}
