import { readFileSync } from 'node:fs';
import { type Declared, declaredAt, exported, namesFrom } from './support/declarations.ts';

/** A declaration as a compiler wrote it: one member a line, indented by four. */
interface Declaration {
  readonly isDocumented: boolean;
  readonly head: string;
  readonly members: ReadonlyMap<string, boolean>;
}

const START = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const) (\w+)/;
const MEMBER = /^ {4}(?:readonly |static |abstract |get |set )*(?:(\w+)|\[Symbol\.(\w+)\])\??[(:<]/;

/** Whether a documentation comment ends above a line; comments for tools may stand between. */
function isDocumented(lines: readonly string[], at: number): boolean {
  for (let above = at - 1; above >= 0; above -= 1) {
    if (!lines[above]!.trim().startsWith('//')) return lines[above]!.trim().endsWith('*/');
  }
  return false;
}

function declaration({ path, name }: Declared): Declaration {
  const lines = readFileSync(path, 'utf8').split('\n');
  const start = lines.findIndex((line) => START.exec(line)?.[1] === name);
  const end = lines.findIndex((line, at) => at > start && START.test(line));
  const members = new Map<string, boolean>();
  // The shape that a function returns belongs to its `@returns`.
  if (/\bfunction \w+/.test(lines[start] ?? ''))
    return { isDocumented: isDocumented(lines, start), head: '', members };
  for (let at = start + 1; at < (end < 0 ? lines.length : end); at += 1) {
    const [, word, symbol] = MEMBER.exec(lines[at]!) ?? [];
    const member = word ?? symbol;
    // Of overloads, the first is documented. A constructor is documented by its class and its options.
    if (member === undefined || member === 'constructor' || members.has(member)) continue;
    members.set(member, isDocumented(lines, at));
  }
  return { isDocumented: isDocumented(lines, start), head: lines[start] ?? '', members };
}

/** What a class implements, or an interface extends: their comments are its own as well. */
function inherited({ path, name }: Declared, head: string): readonly Declared[] {
  const imports = namesFrom(path, 'import');
  const [, , bases = ''] = /(extends|implements) ([^{]+)/.exec(head) ?? [];
  return bases
    .split(/,|\bimplements\b/)
    .map((base) => base.trim().replace(/<.*$/, ''))
    .filter((base) => base !== name && /^\w+$/.test(base))
    .flatMap((base) => {
      const at = imports.has(base) ? declaredAt(imports.get(base)!) : { path, name: base };
      return at.path.endsWith('.d.ts') && readFileSync(at.path, 'utf8').includes(` ${base}`) ? [at] : [];
    });
}

function documentedMembers(at: Declared): Set<string> {
  const { head, members } = declaration(at);
  const own = [...members].filter(([, documented]) => documented).map(([member]) => member);
  return new Set([...own, ...inherited(at, head).flatMap((base) => [...documentedMembers(base)])]);
}

function undocumented(at: Declared): string[] {
  const { isDocumented, members } = declaration(at);
  const documented = documentedMembers(at);
  return [
    ...(isDocumented ? [] : [at.name]),
    ...[...members.keys()]
      .filter((member) => !documented.has(member) && !/^_|^#/.test(member))
      .map((member) => `${at.name}.${member}`),
  ];
}

/** The severities say what they are. */
const needsNone = /^Severity\./;

test('every exported name has a documentation comment, and so has each of its members', () => {
  const missing = exported.flatMap(({ door, at }) =>
    undocumented(at).map((name) => `${door.replace('.d.ts', '')}: ${name}`),
  );

  expect([...new Set(missing)].filter((each) => !needsNone.test(each.replace(/^\S+ /, '')))).toEqual([]);
});

test('the check above reads members', () => {
  const counted = exported.reduce((sum, { at }) => sum + declaration(at).members.size, 0);

  expect(counted).toBeGreaterThan(300);
});
