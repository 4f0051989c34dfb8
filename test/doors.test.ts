import { readFileSync } from 'node:fs';
import { type Declared, declaredAt, doors, exported, namesFrom } from './support/declarations.ts';

/** The text of a declaration, without comments and private members. */
function declarationOf({ path, name }: Declared): string {
  const text = readFileSync(path, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
  const start = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:class|interface|type|function|const) ${name}\\b`,
    'm',
  );
  const from = text.search(start);
  expect({ path, name, isDeclared: from >= 0 }).toMatchObject({ isDeclared: true });
  const rest = text.slice(from + 1);
  const end = rest.search(/^(?:export |declare |interface |type )/m);
  return end < 0 ? rest : rest.slice(0, end);
}

const isExported = (path: string, name: string) =>
  exported.some(({ at }) => at.path === path && at.name === name);

test('the doors name things', () => {
  expect(doors.length).toBeGreaterThanOrEqual(3);
  expect(exported.length).toBeGreaterThan(40);
});

test('what a door exports mentions no type of ours that no door exports', () => {
  const hidden = exported.flatMap(({ door, name, at }) => {
    const text = declarationOf(at);
    const imported = [...namesFrom(at.path, 'import')].map(([alias, from]) => ({
      alias,
      from: declaredAt(from),
    }));
    const local = [
      ...readFileSync(at.path, 'utf8').matchAll(/^(?:export |declare )*(?:interface|type|class) (\w+)/gm),
    ].map(([, alias = '']) => ({ alias, from: { path: at.path, name: alias } }));
    return [...imported, ...local]
      .filter(
        ({ alias, from }) => new RegExp(`\\b${alias}\\b`).test(text) && !isExported(from.path, from.name),
      )
      .map(({ from }) => `${door.replace('.d.ts', '')}: ${name} mentions ${from.name}`);
  });
  expect(hidden).toEqual([]);
});
