import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { asTask } from '../../src/task/wrap.ts';

const root = join(__dirname, '../..');
/** A class as an application writes it, for any kind of decorators. */
const shop = `
import { asTask, currentTask } from '${root}/dist/esm/index.js';

export class Shop {
  rate = 2;

  @asTask('charge card', (amount: number, currency: string) => ({ amount, currency }))
  async charge(amount: number, currency: string): Promise<string> {
    await Promise.resolve();
    return \`\${amount * this.rate} \${currency} \${currentTask()?.path}\`;
  }

  @asTask('open', { city: 'Bonn' }, { severity: 'DEBUG' })
  static open(): Shop {
    return new Shop();
  }

  @asTask('fail')
  fail(): never {
    throw new RangeError('no');
  }
}
`;
const program = `
import { records } from '${__dirname}/programs/recorder.js';
import { Shop } from './shop.js';

const job = Shop.open();
console.log(await job.charge(21, 'EUR'), job.charge.name, job.charge.length);
try { job.fail(); } catch (error) { console.log(error.name); }
for (const { event, attributes } of records()) {
  const { amount, currency, city } = attributes;
  console.log(event, attributes['task.name'], JSON.stringify({ amount, currency, city }));
}
`;
const printed = `42 EUR charge card charge 2
RangeError
task.started open {"city":"Bonn"}
task.succeeded open {"city":"Bonn"}
task.started charge card {"amount":21,"currency":"EUR"}
task.succeeded charge card {"amount":21,"currency":"EUR"}
task.started fail {}
task.failed fail {}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'decorators-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'shop.ts'), shop);
  writeFileSync(join(folder, 'program.js'), program);
});
afterEach(() => rmSync(folder, { recursive: true }));

function byTypeScript(experimentalDecorators: boolean): void {
  const compilerOptions = {
    ...{ target: 'es2022', module: 'nodenext', strict: true, skipLibCheck: true, experimentalDecorators },
    ...{ types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['shop.ts'] }));
  const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, '']);
}

function bySwc(transform: object): void {
  const parser = { syntax: 'typescript', decorators: true } as const;
  const { code } = transformSync(shop, {
    jsc: { target: 'es2022', parser, transform },
    module: { type: 'es6' },
  });
  writeFileSync(join(folder, 'shop.js'), code);
}

test.each<[string, () => void]>([
  ['standard decorators, by TypeScript', () => byTypeScript(false)],
  ['experimentalDecorators, by TypeScript', () => byTypeScript(true)],
  ['standard decorators, by SWC', () => bySwc({ decoratorVersion: '2022-03' })],
  [
    'experimentalDecorators with metadata, by SWC',
    () => bySwc({ legacyDecorator: true, decoratorMetadata: true }),
  ],
])('a class with %s: each call of a method is a task', (_, compile) => {
  compile();
  expect(execFileSync(process.execPath, [join(folder, 'program.js')], { encoding: 'utf8' })).toBe(printed);
});

test("metadata of reflect-metadata on a method, such as a framework's routes, is kept", () => {
  const kept = new WeakMap<object, Map<unknown, unknown>>();
  // The three functions of the package reflect-metadata that are used.
  const functions = {
    getOwnMetadataKeys: (target: object) => [...(kept.get(target)?.keys() ?? [])],
    getOwnMetadata: (key: unknown, target: object) => kept.get(target)?.get(key),
    defineMetadata: (key: unknown, value: unknown, target: object) =>
      kept.set(target, (kept.get(target) ?? new Map()).set(key, value)),
  };
  Object.assign(Reflect, functions);
  try {
    const descriptor = { value: (amount: number) => amount };
    functions.defineMetadata('path', '/charge', descriptor.value);
    const original = descriptor.value;
    asTask<unknown, [number], number>('charge card')({}, 'charge', descriptor);
    expect(descriptor.value).not.toBe(original);
    expect(functions.getOwnMetadata('path', descriptor.value)).toBe('/charge');
  } finally {
    for (const name of Object.keys(functions)) Reflect.deleteProperty(Reflect, name);
  }
});

test.each<[string, unknown, unknown, unknown]>([
  ['a class', class {}, { kind: 'class' }, undefined],
  ['a getter', () => 1, { kind: 'getter' }, undefined],
  ['a field', undefined, { kind: 'field' }, undefined],
  ['a class, under experimentalDecorators', class {}, undefined, undefined],
  ['a field, under experimentalDecorators', {}, 'field', undefined],
  ['a getter, under experimentalDecorators', {}, 'getter', { get: () => 1 }],
  ['a parameter, under experimentalDecorators', {}, 'method', 0],
  ['nothing', undefined, null, null],
])('%s is refused', (_, target, context, descriptor) => {
  const decorate = asTask('goal') as (...values: unknown[]) => unknown;
  expect(() => decorate(target, context, descriptor)).toThrow(
    new TypeError('@asTask() can only decorate methods of a class'),
  );
});
