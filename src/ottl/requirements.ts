import {
  type AnyValue,
  type CostlyField,
  type DecodedLogRecord,
  EMPTY_RECORD,
  type NeededFields,
  type RequiredValue,
} from '../otlp/index.ts';
import { type Condition, compiled, type Test } from './condition.ts';
import { parse } from './parse.ts';
import type { Patterns } from './patterns.ts';
import type { BooleanNode, PathNode, ValueNode } from './syntax.ts';

/**
 * Properties that every matching record has, derived from the `and`s of a condition, so that a store reads
 * only records that may match. The condition itself decides.
 */
export interface Requirements {
  /** 0: any severity. */
  readonly minSeverity: number;
  /** 32 hex digits. */
  readonly traceId: string | undefined;
  /** Texts that must be the whole body, or a value in the attributes. */
  readonly texts: readonly { readonly in: 'body' | 'attributes'; readonly text: string }[];
  /** A condition on resource and scope only. */
  readonly head: Test | undefined;
  /** The fields of a record that the condition reads. */
  readonly needed: NeededFields;
}

/** The fields of a record by path. */
const fieldOf: Readonly<Record<string, CostlyField>> = {
  severity_text: 'severityText',
  body: 'body',
  attributes: 'attributes',
  trace_id: 'traceId',
  span_id: 'spanId',
  event_name: 'eventName',
};

const NO_RESOURCE = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
const NO_SCOPE = { ...NO_RESOURCE, name: '', version: '' };

/** @param condition compiled, so its text is valid */
export function requirementsOf({ text, patterns }: Condition): Requirements {
  const tree = parse(text);
  const parts = conjuncts(tree);
  let minSeverity = 0;
  let traceId: string | undefined;
  const texts: { in: 'body' | 'attributes'; text: string }[] = [];
  for (const part of parts) {
    if (part.kind !== 'compare' || part.left.kind !== 'path' || part.right.kind !== 'literal') continue;
    const { operator, left, right } = part;
    const path = pathText(left);
    const { value } = right;
    if (path === 'severity_number' && typeof value === 'number' && Number.isInteger(value)) {
      if (operator === '>=' || operator === '==') minSeverity = Math.max(minSeverity, value);
      if (operator === '>') minSeverity = Math.max(minSeverity, Math.min(value + 1, Number.MAX_SAFE_INTEGER));
    }
    if (operator !== '==' || typeof value !== 'string') continue;
    if (path === 'trace_id.string' && /^(?!0{32})[0-9a-f]{32}$/.test(value)) traceId = value;
    if (path === 'body' && left.keys.length === 0) texts.push({ in: 'body', text: value });
    if (path === 'attributes' && left.keys.length > 0) texts.push({ in: 'attributes', text: value });
  }
  return { minSeverity, traceId, texts, head: headTest(parts, patterns), needed: neededBy(tree, patterns) };
}

function neededBy(tree: BooleanNode, patterns: Patterns | undefined): NeededFields {
  const fields = new Set<CostlyField>();
  const keys = new Set<string>();
  let isWhole = false;
  for (const path of pathsOf(tree)) {
    const [first = ''] = pathText(path).split('.');
    const field = Object.hasOwn(fieldOf, first) ? fieldOf[first] : undefined;
    if (field !== undefined) fields.add(field);
    if (field !== 'attributes') continue;
    const [key] = path.keys;
    if (typeof key === 'string') keys.add(key);
    else isWhole = true;
  }
  const attributeKeys = isWhole ? undefined : [...keys].map((key) => Buffer.from(key, 'utf8'));
  return { fields, attributeKeys, required: requiredBy(tree, patterns) };
}

/** The parts of the condition that depend on one value only: one attribute, or the body. */
function requiredBy(tree: BooleanNode, patterns: Patterns | undefined): readonly RequiredValue[] {
  const parts = new Map<string | undefined, BooleanNode[]>();
  for (const part of conjuncts(tree)) {
    const reads = new Set([...pathsOf(part)].map(attributeKeyOf));
    const [key] = reads;
    if (reads.size !== 1 || key === false) continue;
    parts.set(key, [...(parts.get(key) ?? []), part]);
  }
  return [...parts].map(([key, of]) => {
    const test = compiled({ kind: 'and', column: 1, parts: of }, patterns);
    const attribute: [string, AnyValue] = [key ?? '', null];
    const withAttribute = { ...EMPTY_RECORD, attributes: [attribute] };
    const withBody: { -readonly [K in keyof DecodedLogRecord]: DecodedLogRecord[K] } = { ...EMPTY_RECORD };
    const fits = (value: AnyValue | undefined): boolean => {
      withBody.body = key === undefined ? value : undefined;
      attribute[1] = value ?? null;
      const record = key === undefined || value === undefined ? withBody : withAttribute;
      return test(record, NO_SCOPE, NO_RESOURCE) === true;
    };
    return { key: key === undefined ? undefined : Buffer.from(key, 'utf8'), fits };
  });
}

/** The key of an attribute; undefined for the body; false for any other path. */
function attributeKeyOf(path: PathNode): string | undefined | false {
  const [first = ''] = pathText(path).split('.');
  if (first === 'body') return undefined;
  const [key] = path.keys;
  return first === 'attributes' && typeof key === 'string' ? key : false;
}

function conjuncts(node: BooleanNode): readonly BooleanNode[] {
  return node.kind === 'and' ? node.parts.flatMap(conjuncts) : [node];
}

function headTest(parts: readonly BooleanNode[], patterns: Patterns | undefined): Test | undefined {
  const ofHead = parts.filter((part) => {
    const paths = [...pathsOf(part)].map(pathText);
    return paths.length > 0 && paths.every((path) => /^(resource|instrumentation_scope)\./.test(path));
  });
  if (ofHead.length === 0) return undefined;
  return compiled({ kind: 'and', column: 1, parts: ofHead }, patterns);
}

function* pathsOf(node: BooleanNode | ValueNode): Generator<PathNode> {
  switch (node.kind) {
    case 'path':
      yield node;
      break;
    case 'and':
    case 'or':
      for (const part of node.parts) yield* pathsOf(part);
      break;
    case 'not':
      yield* pathsOf(node.part);
      break;
    case 'test':
      yield* pathsOf(node.call);
      break;
    case 'call':
      for (const argument of node.args) yield* pathsOf(argument);
      break;
    case 'compare':
      yield* pathsOf(node.left);
      yield* pathsOf(node.right);
  }
}

function pathText({ fields }: PathNode): string {
  return (fields[0] === 'log' ? fields.slice(1) : fields).join('.');
}
