import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const source = join(__dirname, '..', 'src');

/**
 * The rooms, floor by floor from the ground up, each with the rooms that it may import, types included. They lie on
 * lower floors and are entered by their `index.ts`. A file at the top of src/ is a door of the package: it only names
 * things, and names them where they are made, so that its declarations lead to no more than they need.
 */
const floors: readonly Readonly<Record<string, readonly string[]>>[] = [
  { record: [], settings: [], frames: [], disk: [] },
  { component: ['record', 'settings'] },
  {
    net: ['record', 'settings'],
    limit: ['record'],
    otlp: ['record', 'settings', 'component'],
    task: ['record', 'settings'],
    journal: ['record', 'settings', 'component', 'disk'],
  },
  { text: ['record', 'otlp'], zmtp: ['record', 'net'], holding: ['record', 'limit'] },
  {
    export: ['record', 'settings', 'otlp'],
    box: ['record', 'settings', 'otlp'],
    'distlog-json': ['record', 'otlp'],
    ottl: ['record', 'otlp', 'settings'],
  },
  {
    burst: ['record', 'settings', 'export', 'limit', 'task', 'holding', 'box'],
    tree: ['record', 'settings', 'otlp', 'text'],
    store: ['record', 'otlp', 'ottl'],
    zeromq: ['record', 'settings', 'net', 'zmtp', 'frames', 'otlp', 'export', 'distlog-json'],
    rules: ['record', 'settings', 'component', 'otlp', 'ottl'],
    processors: ['record', 'settings', 'component', 'otlp'],
    'sinks/dead-letters': ['record', 'settings', 'component', 'disk', 'text'],
  },
  {
    testing: ['record', 'settings', 'burst', 'task', 'tree', 'text', 'otlp'],
    reader: ['record', 'settings', 'otlp', 'ottl', 'text', 'tree'],
    operations: ['record', 'settings', 'component', 'net', 'text', 'otlp', 'ottl', 'store'],
    'receivers/box': ['record', 'settings', 'component', 'otlp', 'box'],
    'receivers/otlp': ['record', 'settings', 'component', 'net', 'otlp'],
    'receivers/zeromq': [
      ...['record', 'settings', 'component', 'net', 'zmtp', 'frames', 'otlp', 'distlog-json'],
    ],
    'sinks/runner': ['record', 'settings', 'component', 'disk', 'text', 'export', 'sinks/dead-letters'],
    'sinks/file': ['record', 'settings', 'component', 'disk', 'otlp', 'text', 'tree'],
    'sinks/otlp': ['record', 'settings', 'component', 'net', 'otlp', 'text', 'export'],
    'sinks/forward': ['record', 'settings', 'component', 'net', 'frames', 'zmtp'],
    'sinks/publish': ['record', 'settings', 'component', 'net', 'zmtp'],
    'sinks/console': ['record', 'settings', 'component', 'otlp', 'text', 'tree'],
    'sinks/store': ['record', 'settings', 'component', 'store'],
    stdout: ['record', 'settings', 'otlp', 'text', 'tree'],
    pino: ['record'],
    doctor: ['record'],
  },
  {
    setup: ['record', 'settings', 'text', 'export', 'box', 'task', 'burst', 'zeromq', 'stdout'],
    config: [
      ...['record', 'settings', 'component', 'disk', 'net', 'text', 'journal', 'operations'],
      ...['receivers/box', 'receivers/otlp', 'receivers/zeromq', 'ottl', 'rules', 'processors'],
      ...['sinks/runner', 'sinks/file', 'sinks/otlp', 'sinks/console', 'sinks/store', 'sinks/dead-letters'],
      ...['sinks/forward', 'sinks/publish'],
    ],
  },
  {
    daemon: [
      ...[
        'record',
        'settings',
        'component',
        'disk',
        'net',
        'text',
        'journal',
        'operations',
        'config',
        'otlp',
      ],
      ...['receivers/box', 'receivers/otlp', 'receivers/zeromq', 'ottl', 'rules', 'processors', 'store'],
      ...['sinks/runner', 'sinks/file', 'sinks/otlp', 'sinks/console', 'sinks/store', 'sinks/dead-letters'],
      ...['sinks/forward', 'sinks/publish'],
    ],
  },
  {
    cli: [
      ...[
        'record',
        'settings',
        'disk',
        'net',
        'text',
        'otlp',
        'ottl',
        'tree',
        'reader',
        'operations',
        'box',
        'doctor',
      ],
      ...['config', 'daemon', 'rules', 'processors', 'component', 'sinks/dead-letters', 'sinks/runner'],
    ],
  },
];

/** What packages a room may import, beside Node's own modules. A room that is not named: none. */
const packages: Readonly<Record<string, readonly string[]>> = {
  record: ['@opentelemetry/api'],
  export: ['@opentelemetry/api'],
  box: ['@opentelemetry/api'],
  holding: ['@opentelemetry/api'],
  burst: ['@opentelemetry/api'],
  doctor: ['@opentelemetry/api'],
  task: ['@opentelemetry/api'],
  ottl: ['re2js'],
  store: ['libsql'],
  zmtp: ['tweetnacl'],
  'sinks/otlp': ['@grpc/grpc-js'],
  config: ['yaml'],
  setup: ['@opentelemetry/api', 'yaml'],
  testing: ['@opentelemetry/sdk-logs', 'vitest'],
};

/** Folders of src/ that hold rooms instead of files. */
const wings: readonly string[] = ['receivers', 'sinks'];

/**
 * What a module makes at its top that is neither a literal nor typed as read-only, and why it is no state: tables that
 * are filled once, when the module loads, and empty arrays.
 */
const tables: readonly string[] = [
  'frames/client-frame.ts EMPTY',
  'frames/layout.ts NO_JOURNAL',
  'frames/reply-frame.ts EMPTY',
  'journal/frame.ts NO_PRODUCER',
  'otlp/encode-logs.ts hexDigits',
  'otlp/scan-logs.ts grammar',
  'otlp/scan-logs.ts wireTypeOf',
];

const rooms = new Map(
  floors.flatMap((floor, height) =>
    Object.entries(floor).map(([room, imports]) => [room, { height, imports }] as const),
  ),
);

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

/** '' for a door, and for what lies outside of src/. */
function roomOf(path: string): string {
  const parts = relative(source, path).split(sep);
  const depth = wings.includes(parts[0]!) ? 2 : 1;
  return parts.length <= 1 ? '' : parts.slice(0, depth).join('/');
}

const linesOf = (text: string) => text.split('\n').length - 1;

const files = filesBelow(source).map((path) => ({
  path,
  name: relative(source, path),
  room: roomOf(path),
  text: readFileSync(path, 'utf8'),
}));
const imports: Import[] = files.flatMap(({ path, name, room, text }) =>
  [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^']+)'/g)].map((match) => ({
    file: name,
    room,
    target: match[1]!.startsWith('.') ? join(dirname(path), match[1]!) : match[1]!,
  })),
);

test('the source has files, and they import something', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(imports.length).toBeGreaterThan(300);
});

test('every folder of src/ is a room of the table, and every room is a folder', () => {
  const found = new Set(files.map(({ room }) => room).filter((room) => room !== ''));
  expect([...found].sort()).toEqual([...rooms.keys()].sort());
});

test('a room may only import rooms of lower floors', () => {
  for (const [room, { height, imports: allowed }] of rooms) {
    for (const other of allowed) {
      expect({ room, other, below: rooms.get(other)!.height < height }).toMatchObject({ below: true });
    }
  }
});

test('rooms import the rooms that they may, types included', () => {
  const strange = imports.filter(({ room, target }) => {
    if (room === '' || !target.startsWith(source)) return false;
    const other = roomOf(target);
    return other !== room && !rooms.get(room)?.imports.includes(other);
  });
  expect(strange).toEqual([]);
});

test('a room is entered by its index', () => {
  const past = imports.filter(
    ({ room, target }) =>
      room !== '' &&
      target.startsWith(source) &&
      roomOf(target) !== room &&
      !target.endsWith(join(roomOf(target), 'index.ts')),
  );
  expect(past).toEqual([]);
});

test('a room imports no package but those it is given', () => {
  const foreign = imports.filter(
    ({ room, target }) =>
      !target.startsWith(source) && !target.startsWith('node:') && !packages[room]?.includes(target),
  );
  expect(foreign).toEqual([]);
});

test('no room holds more than a tenth of the source', () => {
  const total = files.reduce((sum, { text }) => sum + linesOf(text), 0);
  const large = [...rooms.keys()]
    .map((room) => ({
      room,
      lines: files.filter((file) => file.room === room).reduce((sum, { text }) => sum + linesOf(text), 0),
    }))
    .filter(({ lines }) => lines > total / 10);
  expect(large).toEqual([]);
});

test('doors and indexes list names: no logic, no export of everything, no default', () => {
  for (const { name, room, text } of files) {
    if (room !== '' && !name.endsWith('index.ts')) continue;
    expect(text).not.toMatch(/export \*|export default/);
    const rest = text
      .replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
      .replaceAll(/(?:export|import) (?:type )?\{[^}]*\} from '[^']+';/g, '')
      .trim();
    expect({ name, rest }).toEqual({ name, rest: '' });
  }
});

test('no file keeps state at module level', () => {
  const variables = files
    .filter(({ text }) => /^(?:export )?(?:let|var) /m.test(text))
    .map(({ name }) => name);
  expect(variables).toEqual([]);
  const made = files.flatMap(({ name, text }) =>
    [...text.matchAll(/^(?:export )?const (\w+)(: [^=]*)? = (?:new (\w+)|\[\]|\{\})/gm)]
      .filter(([, , type = '', made = '']) => !/Readonly|readonly/.test(type) && !stateless.includes(made))
      .map(([, variable]) => `${name} ${variable}`),
  );
  expect(made.sort()).toEqual([...tables].sort());
});

/** Classes of the platform whose objects hold nothing that changes. */
const stateless: readonly string[] = ['RegExp', 'URL', 'TextDecoder', 'TextEncoder'];
