import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** What each door loads beside those before it: modules of Node.js, and packages that are CommonJS. */
function loadedBy(names: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const program = `
    import { createRequire } from 'node:module';
    const { cache } = createRequire(import.meta.url);
    const loaded = () => [
      ...process.moduleLoadList.map((entry) => entry.replace(/^NativeModule /, '')),
      ...Object.keys(cache).map((path) => /.*node_modules.((?:@[^/]+.)?[^/]+)/.exec(path)?.[1] ?? path),
    ];
    // Harmless ones, which load others in some versions: util of Node.js 24 loads worker_threads.
    for (const name of ['util', 'stream', 'fs']) await import('node:' + name);
    const known = new Set(loaded());
    const found = {};
    for (const name of ${JSON.stringify(names)}) {
      await import(name);
      found[name] = [...new Set(loaded())].filter((each) => !known.has(each));
      for (const each of found[name]) known.add(each);
    }
    process.stdout.write(JSON.stringify(found));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(__dirname, '..'),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

test('a door loads no server, no client, no optional package and no thread before something needs it', () => {
  const doors = ['burstlog/pino', 'burstlog', 'burstlog/setup', 'burstlog/zeromq'];
  const optional = ['zeromq', '@grpc/grpc-js', 'libsql', 'protobufjs', 'pino', '@opentelemetry/sdk-logs'];
  const ofNode = [
    'http',
    'https',
    'http2',
    'sqlite',
    'worker_threads',
    'child_process',
    'cluster',
    'inspector',
  ];
  // The client of ZeroMQ has sockets and checksums of its own.
  const ofSockets = ['net', 'tls', 'dns', 'dgram', 'zlib', 'crypto'];
  const loaded = loadedBy(doors);
  // The list sees what is loaded.
  expect(loaded['burstlog/zeromq']).toContain('zlib');
  const unwanted = Object.entries(loaded).flatMap(([door, modules]) => {
    const refused = [...optional, ...ofNode, ...(door === 'burstlog/zeromq' ? [] : ofSockets)];
    return modules.filter((name) => refused.includes(name)).map((name) => `${door} loads ${name}`);
  });
  expect(unwanted).toEqual([]);
});
