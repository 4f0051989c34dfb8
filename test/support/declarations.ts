import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const folder = join(__dirname, '../../dist/esm');

/** The declaration files of the doors: what `exports` of package.json leads to. */
export const doors = readdirSync(folder).filter((name) => name.endsWith('.d.ts'));

export interface Declared {
  /** The declaration file, and the name in it. */
  readonly path: string;
  readonly name: string;
}

/** What a declaration file imports or passes on, by the name that it has there. */
export function namesFrom(path: string, keyword: 'import' | 'export'): Map<string, Declared> {
  const found = new Map<string, Declared>();
  const statements = readFileSync(path, 'utf8').matchAll(
    new RegExp(`^${keyword} (?:type )?\\{([^}]*)\\} from ['"](\\.[^'"]+)['"]`, 'gm'),
  );
  for (const [, block = '', target = ''] of statements) {
    for (const each of block.split(',').map((text) => text.trim().replace(/^type /, ''))) {
      const [name = '', alias = name] = each.split(' as ');
      if (name !== '') {
        found.set(alias, { path: resolve(dirname(path), target.replace(/\.[jt]s$/, '.d.ts')), name });
      }
    }
  }
  return found;
}

/** Where a name is declared, behind indexes that pass it on. */
export function declaredAt({ path, name }: Declared): Declared {
  const passedOn = namesFrom(path, 'export').get(name);
  return passedOn === undefined ? { path, name } : declaredAt(passedOn);
}

/** What the doors export, and where each of them declares it. */
export const exported = doors.flatMap((door) =>
  [...namesFrom(join(folder, door), 'export')].map(([name, at]) => ({ door, name, at: declaredAt(at) })),
);
