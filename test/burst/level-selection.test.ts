import { ROOT_CONTEXT } from '@opentelemetry/api';
import { LevelSelection } from '../../src/burst/level-selection.ts';
import { type LevelByLogger, LevelTable, matches } from '../../src/burst/level-table.ts';
import type { ResolvedRule } from '../../src/burst/verbosity-rule.ts';
import { Severity } from '../../src/record/index.ts';

const rule = (given: Partial<ResolvedRule>): ResolvedRule => ({
  ...{ logger: undefined, task: undefined, level: undefined, emitLevel: undefined, forMillis: 1 },
  ...given,
});

describe('the level of a logger', () => {
  const table = (level: LevelByLogger) => new LevelTable(level, Severity.INFO);

  test.each<[string, string, boolean]>([
    ['shop', 'shop', true],
    ['shop', 'shop.cart', false],
    ['shop.*', 'shop.cart', true],
    ['shop.*', 'shop.', true],
    ['shop.*', 'shop', false],
    ['shop*', 'shop', true],
    ['*', '', true],
    ['*.cart', 'shop.cart', false],
    ['', '', true],
  ])('pattern %j and name %j: %p', (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  test('is that of its name, otherwise of the longest pattern, otherwise the default', () => {
    const levels = table({
      ...{ 'db.*': 'DEBUG', 'db.pool.*': 'DEBUG3', 'db.pool.wait': 'TRACE4', '*': 'TRACE2' },
      default: 'DEBUG2',
    });
    const names = ['db.pool.wait', 'db.pool.waits', 'db.pool.', 'db.pool', 'db.', 'db', ''];
    expect(names.map((name) => levels.of(name))).toEqual([4, 7, 7, 5, 5, 2, 2]);
    expect(levels.only).toBeUndefined();
  });

  test('is that of its name even if a pattern is longer than the name', () => {
    expect(table({ 'a*': 'DEBUG', a: 'TRACE3' }).of('a')).toBe(3);
    expect(table({ a: 'TRACE3', 'a*': 'DEBUG' }).of('a')).toBe(3);
  });

  test('is the same for all if there is no pattern', () => {
    expect(table('DEBUG').only).toBe(5);
    expect(table({ default: 'DEBUG' }).only).toBe(5);
    expect(table({}).only).toBe(Severity.TRACE);
    expect(table('DEBUG').of('any')).toBe(5);
  });

  test('that is undefined is the default; without a default all records are accepted', () => {
    const levels = table({ shop: undefined as never, default: 'DEBUG4' });
    expect([levels.of('shop'), levels.of('other')]).toEqual([8, 8]);
    expect(table({ shop: 'DEBUG' }).of('other')).toBe(Severity.TRACE);
  });

  test('may be emitLevel, and not above', () => {
    expect(table('INFO').only).toBe(9);
    expect(() => table('INFO2')).toThrow('level must not be above emitLevel (9), got "INFO2"');
    expect(() => table({ 'db.*': 10 })).toThrow('level["db.*"] must not be above emitLevel (9), got 10');
    expect(() => table({ default: 'WARN' })).toThrow('level must not be above emitLevel (9), got "WARN"');
  });
});

describe('a selection', () => {
  const table = new LevelTable({ 'db.*': 'DEBUG', default: 'TRACE' }, Severity.INFO);
  const of = (selection: LevelSelection, name: unknown) => selection.of(name as string, ROOT_CONTEXT);

  test('without rules has the levels of the options', () => {
    const selection = new LevelSelection(table, Severity.INFO, []);
    expect(of(selection, 'db.pool')).toEqual({ level: 5, emitLevel: 9 });
    expect(of(selection, 'shop')).toEqual({ level: 1, emitLevel: 9 });
    expect([selection.only, selection.readsTask]).toEqual([undefined, false]);
  });

  test('is one for all records if no rule has a name or a task', () => {
    const all = new LevelTable('DEBUG', Severity.INFO);
    expect(new LevelSelection(all, Severity.INFO, []).only).toEqual({ level: 5, emitLevel: 9 });
    const louder = rule({ emitLevel: Severity.WARN });
    expect(new LevelSelection(all, Severity.INFO, [louder]).only).toEqual({ level: 5, emitLevel: 13 });
    expect(new LevelSelection(table, Severity.INFO, [louder]).only).toBeUndefined();
    for (const one of [{ logger: 'shop' }, { task: 'job' }]) {
      const { only, readsTask } = new LevelSelection(all, Severity.INFO, [rule({ level: 5, ...one })]);
      expect([only, readsTask]).toEqual([undefined, 'task' in one]);
    }
  });

  test('accepts records that a rule exports, even if the options refuse them, and refuses those below its level', () => {
    const selection = new LevelSelection(table, Severity.INFO, [
      rule({ logger: 'db.pool', emitLevel: Severity.TRACE2 }),
      rule({ logger: 'db.*', emitLevel: Severity.WARN }),
      rule({ logger: 'shop', level: Severity.DEBUG2 }),
    ]);
    expect(of(selection, 'db.pool')).toEqual({ level: 2, emitLevel: 2 });
    expect(of(selection, 'db.other')).toEqual({ level: 5, emitLevel: 13 });
    expect(of(selection, 'shop')).toEqual({ level: 6, emitLevel: 9 });
    expect(of(selection, 'shop.cart')).toEqual({ level: 1, emitLevel: 9 });
  });

  test('treats a record whose logger has no name like one with an empty name', () => {
    const selection = new LevelSelection(table, Severity.INFO, [rule({ logger: '', level: 5 })]);
    for (const name of [undefined, null, 5, '']) expect(of(selection, name).level).toBe(5);
  });

  test('caches the levels of a name, for at most 10,000 names', () => {
    let asked = 0;
    const counting = { only: undefined, of: () => (asked += 1) } as unknown as LevelTable;
    const selection = new LevelSelection(counting, Severity.INFO, []);
    const first = of(selection, '0');
    expect(of(selection, '0')).toBe(first);
    for (let name = 1; name < 10_000; name += 1) of(selection, `${name}`);
    expect(asked).toBe(10_000);
    of(selection, '9999');
    expect(asked).toBe(10_000);
    // The cache is full: the levels of another name are computed each time.
    of(selection, '10000');
    of(selection, '10000');
    expect(asked).toBe(10_002);
  });
});
