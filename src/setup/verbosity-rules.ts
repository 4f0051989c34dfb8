import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { VerbosityRule } from '../burst/index.ts';
import { type AnyField, choice, millis, text } from '../settings/index.ts';
import { severities } from './settings.ts';
import { readText } from './text-form.ts';

/** A rule and its position in the file: `line:column`. */
export interface FileRule {
  readonly at: string;
  readonly rule: VerbosityRule;
}

/** The rules of a file; empty if it has a problem. */
export interface FileRules {
  readonly rules: readonly FileRule[];
  readonly problems: readonly { readonly at: string; readonly message: string }[];
}

const pattern = text({ pattern: /\S/, expected: 'a name, or a prefix that ends with *' });
const severity = choice(severities, { absent: 'as in the options' });
/** The fields of a rule, by key. */
const fields: Readonly<Record<string, { readonly option: keyof VerbosityRule; readonly field: AnyField }>> = {
  logger: { option: 'logger', field: pattern },
  task: { option: 'task', field: pattern },
  level: { option: 'level', field: severity },
  emitLevel: { option: 'emitLevel', field: severity },
  for: { option: 'forMillis', field: millis({ min: 1, absent: '10m' }) },
};
const KEYS = Object.keys(fields).join(', ');

/** Reads a list of rules in YAML or JSON (a subset of YAML). Every problem has its position. */
export function rulesIn(contents: string): FileRules {
  const lines = new LineCounter();
  const document = parseDocument(contents, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const problems = document.errors.map(({ pos, message }) => ({ at: at(pos[0]), message }));
  const root: unknown = document.contents;
  if (problems.length > 0) return { rules: [], problems };
  if (root === null || (isScalar(root) && root.value === null)) return { rules: [], problems };
  const placeOf = (node: unknown) => at((node as Node | null)?.range?.[0] ?? 0);
  const report = (node: unknown, message: string) => void problems.push({ at: placeOf(node), message });
  if (!isSeq(root)) {
    report(root, `must be a list of rules, each with ${KEYS}`);
    return { rules: [], problems };
  }
  const rules = root.items.map((item) => ({ at: placeOf(item), rule: ruleOf(item, report) }));
  return { rules: problems.length === 0 ? rules : [], problems };
}

function ruleOf(item: unknown, report: (node: unknown, message: string) => void): VerbosityRule {
  const rule: Record<string, unknown> = {};
  if (!isMap(item)) {
    report(item, `a rule must be a map with ${KEYS}`);
    return rule;
  }
  for (const pair of item.items) {
    if (!isPair(pair)) continue;
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    const known = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (known === undefined) {
      report(pair.key, `unknown key ${JSON.stringify(key)}; known are ${KEYS}`);
      continue;
    }
    const value = isScalar(pair.value) && pair.value.value !== null ? String(pair.value.value) : '';
    rule[known.option] = readText(key, known.field, value, (message) =>
      report(pair.value ?? pair.key, `${key} ${message}`),
    );
  }
  return rule;
}
