import { Ajv } from 'ajv';
import fc from 'fast-check';
import { ConfigErrors } from '../../src/config/config-error.ts';
import { FileForm } from '../../src/config/file-form.ts';
import { schemaOfFile } from '../../src/config/json-schema.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import {
  type AnyField,
  bytes,
  choice,
  count,
  flag,
  type GroupData,
  group,
  list,
  map,
  millis,
  number,
  OptionReader,
  path,
  resolve,
  text,
  value,
} from '../../src/settings/index.ts';
import { fieldOf } from './support/any-config.ts';

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: true, addUsedSchema: false });

const presence = fc.constantFrom<object>({}, { absent: 'none' });
const bounds = fc.constantFrom<{ min: number; max?: number; isAbove?: boolean; orZero?: boolean }>(
  { min: 0 },
  { min: 1, max: 5 },
  { min: 3, orZero: true },
  { min: 2, max: 2 },
  { min: 0, isAbove: true, max: 8 },
  { min: 4, isAbove: true },
);
const names = { called: 'name', rule: 'must be lower case', pattern: /^[a-z]+$/ };

/** Fields that the schema describes completely. */
const exactScalar: fc.Arbitrary<AnyField> = fc
  .tuple(presence, bounds)
  .chain(([about, limits]) =>
    fc.constantFrom<AnyField>(
      ...[choice(['one', 'two'], about), flag(about), value(about)],
      ...[count({ ...limits, ...about }), number({ ...limits, ...about })],
    ),
  );

/** Fields whose value the schema describes, but not its bounds. */
const otherScalar: fc.Arbitrary<AnyField> = fc
  .tuple(presence, bounds)
  .chain(([about, { isAbove: _, ...limits }]) =>
    fc.constantFrom<AnyField>(
      ...[bytes({ ...limits, ...about }), millis({ ...limits, ...about }), path(about)],
      text({ type: 'name', expected: 'a name', pattern: /^[a-z]+$/, ...about }),
    ),
  );

/** Definitions of up to three levels. */
function definitionOf(scalar: fc.Arbitrary<AnyField>): fc.Arbitrary<GroupData> {
  const { tree } = fc.letrec<{ tree: GroupData; field: AnyField }>((tie) => ({
    field: fc.oneof(
      { maxDepth: 2, withCrossShrink: true },
      scalar,
      tie('tree'),
      fc.tuple(scalar, presence).map(([item, about]) => list(item, about)),
      fc.tuple(scalar, presence).map(([each, about]) => map(each, { ...about, names })),
    ),
    tree: fc
      .tuple(
        fc.dictionary(
          fc.constantFrom('name', 'size', 'waitMillis', 'rest'),
          tie('field') as fc.Arbitrary<AnyField>,
          {
            minKeys: 1,
            maxKeys: 4,
          },
        ),
        fc.constantFrom<object>({}, { isRequired: true }, { absent: 'none' }, { canBeOff: true }),
      )
      .map(([fields, about]) => group(fields, about)),
  }));
  return tree;
}

function withInput(
  scalar: fc.Arbitrary<AnyField>,
  mayBeWrong: boolean,
): fc.Arbitrary<readonly [GroupData, unknown]> {
  return definitionOf(scalar).chain((definition) =>
    fieldOf({ ...definition, canBeOff: false }, mayBeWrong)
      // The whole file is a map.
      .filter((input) => typeof input === 'object' && input !== null && !Array.isArray(input))
      .map((input) => [definition, input] as const),
  );
}

/** The errors of a file with these options. */
function read(definition: GroupData, written: string) {
  const errors = new ConfigErrors('shop.yaml');
  const reader = new OptionReader(new FileForm(errors, '/srv'));
  const values = reader.read({ ...definition, canBeOff: false }, readYaml(written, {}, errors)!);
  return { values, errors: errors.all() };
}

function schemaAccepts(definition: GroupData, input: unknown): boolean {
  const validate = ajv.compile(schemaOfFile({ ...definition, canBeOff: false }));
  return validate(JSON.parse(JSON.stringify(input)));
}

const runs = { numRuns: 120 };

test('for a random definition the file form accepts exactly what its JSON Schema accepts', () => {
  let accepted = 0;
  fc.assert(
    fc.property(withInput(exactScalar, true), ([definition, input]) => {
      const { errors } = read(definition, JSON.stringify(input));
      expect(schemaAccepts(definition, input)).toBe(errors.length === 0);
      if (errors.length === 0) accepted += 1;
    }),
    runs,
  );
  expect(accepted).toBeGreaterThan(12);
  expect(accepted).toBeLessThan(108);
});

test('sizes, durations, paths and texts: the schema refuses nothing that the file form accepts', () => {
  fc.assert(
    fc.property(withInput(fc.oneof(otherScalar, exactScalar), true), ([definition, input]) => {
      if (read(definition, JSON.stringify(input)).errors.length > 0) return;
      expect(schemaAccepts(definition, input)).toBe(true);
    }),
    runs,
  );
});

test('code and file agree on what is valid, and on the resolved values', () => {
  const inCode = (definition: GroupData, input: unknown) => {
    try {
      return { values: resolve(definition as never, 'Shop', input) as unknown };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  fc.assert(
    fc.property(withInput(exactScalar, true), ([definition, input]) => {
      const json = JSON.stringify(input);
      // Only a file can have a key without a value.
      if (json.includes('null')) return;
      const { values, errors } = read(definition, json);
      const code = inCode(definition, renamed(JSON.parse(json)));
      expect(code).toEqual(errors.length === 0 ? { values } : { error: expect.any(String) });
    }),
    runs,
  );
});

/** In code the option's name includes the unit. */
function renamed(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(renamed);
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(
    Object.entries(input).map(([key, each]) => [key === 'wait' ? 'waitMillis' : key, renamed(each)]),
  );
}

/** Every scalar, with its path as in messages. */
function* leavesOf(
  input: unknown,
  at: string,
  set: (value: unknown) => unknown,
): Generator<[string, () => unknown]> {
  if (typeof input !== 'object' || input === null) {
    yield [at, () => set('?!')];
    return;
  }
  for (const [key, child] of Object.entries(input)) {
    const isItem = Array.isArray(input);
    const path = isItem ? `${at}[${key}]` : at === '' ? key : `${at}.${key}`;
    yield* leavesOf(child, path, (changed) =>
      set(isItem ? input.with(Number(key), changed) : { ...input, [key]: changed }),
    );
  }
}

test('one wrong value is one error with its option, line and column', () => {
  const scalar = fc.oneof(exactScalar, otherScalar).filter(({ kind }) => kind !== 'value' && kind !== 'path');
  fc.assert(
    fc.property(
      withInput(scalar, false),
      fc.nat(),
      fc.constantFrom(0, 2),
      ([definition, input], seed, indent) => {
        const valid = JSON.parse(JSON.stringify(input)) as unknown;
        const leaves = [...leavesOf(valid, '', (changed) => changed)].filter(([path]) => path !== '');
        const chosen = leaves[seed % Math.max(1, leaves.length)];
        if (chosen === undefined || read(definition, JSON.stringify(valid)).errors.length > 0) return;
        const [path, change] = chosen;
        const written = JSON.stringify(change(), undefined, indent);
        const before = written.slice(0, written.indexOf('"?!"')).split('\n');
        const { errors } = read(definition, written);
        expect(errors).toMatchObject([{ path, line: before.length, column: before.at(-1)!.length + 1 }]);
        expect(errors[0]!.message).toMatch(/^must be .+, got (?:"\?!"|a string \(not shown\))$/);
      },
    ),
    runs,
  );
});
