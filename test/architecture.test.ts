import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const source = join(__dirname, '..', 'src');

/** The rooms, their layer, and what each may import. A file at the top of src/ is a door and may import any. */
const rooms: Record<string, { layer: number; imports: readonly string[] }> = {
  record: { layer: 0, imports: [] },
  export: { layer: 1, imports: ['record'] },
  burst: { layer: 2, imports: ['record', 'export'] },
  task: { layer: 1, imports: ['record'] },
  wire: { layer: 1, imports: ['record'] },
  tree: { layer: 1, imports: ['record'] },
  zeromq: { layer: 2, imports: ['record', 'wire'] },
  daemon: { layer: 3, imports: ['record', 'export', 'burst', 'task', 'wire', 'tree', 'zeromq'] },
  testing: { layer: 3, imports: ['record', 'burst', 'task', 'tree'] },
  cli: {
    layer: 4,
    imports: ['record', 'export', 'burst', 'task', 'wire', 'tree', 'zeromq', 'daemon', 'testing'],
  },
};

/** What packages each room may import, beside Node's own modules. */
const packages: Record<string, readonly string[]> = {
  record: ['@opentelemetry/api'],
  export: ['@opentelemetry/api'],
  burst: ['@opentelemetry/api'],
  task: ['@opentelemetry/api'],
  wire: ['@opentelemetry/api'],
  tree: [],
  zeromq: ['@opentelemetry/api', 'zeromq'],
  daemon: ['@opentelemetry/api', '@grpc/grpc-js', 'yaml'],
  testing: ['@opentelemetry/api', '@opentelemetry/sdk-logs'],
  cli: [],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly target: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

function roomOf(path: string): string {
  const [first = '', ...rest] = relative(source, path).split(sep);
  return rest.length === 0 ? '' : first;
}

const files = filesBelow(source);
const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^']+)'/g)].map(
    (match) => ({
      file: relative(source, file),
      room: roomOf(file),
      target: match[1]!.startsWith('.') ? join(dirname(file), match[1]!) : match[1]!,
    }),
  ),
);

test('the source has files, and they import something', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(imports.length).toBeGreaterThan(50);
});

test('every folder of src/ is a room of the table', () => {
  const found = new Set(files.map(roomOf).filter((room) => room !== ''));
  expect([...found].filter((room) => rooms[room] === undefined)).toEqual([]);
});

test('rooms import downward only', () => {
  const upward = imports.filter(({ room, target }) => {
    if (room === '' || !target.startsWith(source)) return false;
    const other = roomOf(target);
    return (
      other !== room && !(rooms[room]!.imports.includes(other) && rooms[other]!.layer < rooms[room]!.layer)
    );
  });
  expect(upward).toEqual([]);
});

test('a room is entered by its door', () => {
  const byWindow = imports.filter(
    ({ room, target }) =>
      target.startsWith(source) &&
      roomOf(target) !== room &&
      !target.endsWith(join(roomOf(target), 'index.ts')),
  );
  expect(byWindow).toEqual([]);
});

test('a room imports no package but those it is given', () => {
  const foreign = imports.filter(
    ({ room, target }) =>
      room !== '' &&
      !target.startsWith(source) &&
      !target.startsWith('node:') &&
      !packages[room]!.includes(target),
  );
  expect(foreign).toEqual([]);
});

test('a door lists names: no logic, no export of everything, no default', () => {
  for (const file of files.filter((path) => path.endsWith('index.ts'))) {
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/export \*|export default/);
    expect(text.replaceAll(/(?:export|import) (?:type )?\{[^}]*\} from '[^']+';/g, '').trim()).toBe('');
  }
});

test('no file of the source keeps state at module level', () => {
  const stateful = files.filter((path) => /^(?:export )?let /m.test(readFileSync(path, 'utf8')));
  expect(stateful).toEqual([]);
});
