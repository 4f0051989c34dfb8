import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import {
  buildTrees,
  LiveLines,
  lines,
  paintLine,
  piece,
  type TreeRecord,
  unicodeMarks,
} from '../../src/tree/index.ts';
import { record } from './story.ts';

/** The steps of a service: of the open tasks, some log, some begin others, some end. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('say', 'say', 'begin', 'begin', 'end'),
    of: fc.nat(1_000),
    outcome: fc.constantFrom('succeeded', 'cancelled', 'failed'),
    millis: fc.nat(5),
    /** Tasks that begin in no other task, or in another service. */
    isRoot: fc.constantFrom(true, false, false, false, false, false),
    service: fc.constantFrom('shop', 'shop', 'stock'),
  }),
  { maxLength: 60, size: 'max' },
);
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

interface Told {
  readonly name: string;
  readonly parent: Told | undefined;
  /** Names of records and children, in order. */
  readonly inside: (string | Told)[];
  said: number;
  isOpen: boolean;
}

/** Deeper tasks are shown too, but not all of their ancestors again. */
const MAX_DEPTH = 7;

function told(program: Steps): {
  readonly records: TreeRecord[];
  readonly roots: Told[];
  readonly all: Told[];
} {
  const records: TreeRecord[] = [];
  const roots: Told[] = [];
  const all: Told[] = [];
  let at = 0;
  let count = 0;
  const write = (task: Told, body: string, given: Partial<TreeRecord> = {}, more: object = {}) => {
    task.said += 1;
    const attributes = {
      'task.id': task.name,
      'task.name': task.name,
      'task.sequence': task.said,
      ...(task.parent === undefined ? {} : { 'task.parent.id': task.parent.name }),
      ...more,
    };
    records.push(record({ at, body, ...given, attributes }));
  };
  const depthOf = (task: Told): number => (task.parent === undefined ? 0 : depthOf(task.parent) + 1);
  for (const { kind, of, outcome, millis, isRoot, service } of program) {
    // No two records have the same time, so their order is defined.
    at += millis + 1;
    const open = all.filter(({ isOpen }) => isOpen);
    const task = open[of % Math.max(1, open.length)];
    count += 1;
    if (task === undefined || isRoot || (kind === 'begin' && depthOf(task) < MAX_DEPTH)) {
      const parent = isRoot ? undefined : task;
      const child: Told = { name: `task-${count}`, parent, inside: [], said: 0, isOpen: true };
      (parent?.inside ?? roots).push(child);
      all.push(child);
      write(child, child.name, { eventName: 'task.started', service });
    } else if (kind === 'end' && task.inside.every((each) => typeof each === 'string' || !each.isOpen)) {
      task.isOpen = false;
      const severity = outcome === 'failed' ? 17 : 9;
      write(
        task,
        `${task.name} ${outcome}`,
        { eventName: `task.${outcome}`, severity },
        { 'task.duration': 1 },
      );
    } else {
      task.inside.push(`say-${count}`);
      write(task, `say-${count}`);
    }
  }
  return { records, roots, all };
}

/** The depth of a line, and its subject. */
function shownAs(line: string): { readonly depth: number; readonly about: string | undefined } {
  const text = line.replace(/^[\d:. ]{13}/, '');
  const guides = /^(?:│ )*/.exec(text)![0];
  return { depth: guides.length / 2, about: /(?:task|say)-\d+/.exec(text)?.[0] };
}

test('expanded trees are drawn in the same order as by a naive walk', () => {
  fc.assert(
    fc.property(steps, (program) => {
      const { records, roots } = told(program);
      const expected: string[] = [];
      const walk = (task: Told, depth: number) => {
        expected.push(`${depth} ${task.name}`);
        for (const each of task.inside) {
          if (typeof each === 'string') expected.push(`${depth + 1} ${each}`);
          else walk(each, depth + 1);
        }
      };
      for (const root of roots) walk(root, 0);
      const drawn: string[] = [];
      for (const line of lines(buildTrees(records), { unfold: 'all' })) {
        const { depth, about } = shownAs(line);
        // The cause of a failure is shown below the root and in the failing task.
        const isFact =
          /failed(?: inside)?: |cause: |more failure/.test(line) || / ✘ task-\d+ failed$/.test(line);
        if (about !== undefined && !isFact && !drawn.includes(`${depth} ${about}`))
          drawn.push(`${depth} ${about}`);
      }
      expect(drawn.join('\n')).toBe(expected.join('\n'));
    }),
    { numRuns: 60 },
  );
});

test('in append-only output every line shows to which task it belongs', () => {
  fc.assert(
    fc.property(steps, (program) => {
      const { records, all } = told(program);
      const live = new LiveLines({ form: 'tree', color: false });
      const byName = new Map(all.map((task) => [task.name, task]));
      const pathOf = (task: Told | undefined): string[] =>
        task === undefined ? [] : [...pathOf(task.parent), task.name];
      /** The lines above the next line, by depth. */
      let above: string[] = [];
      let open = 0;
      const seen: (string | number)[] = [];
      const wanted: (string | number)[] = [];
      for (const each of records) {
        const task = byName.get(String(each.attributes['task.id']))!;
        const shown = [...live.of(each)].map((line) => ({ line, ...shownAs(line) }));
        const own = shown.pop()!;
        for (const { line, depth, about } of shown) {
          // Only ancestors are repeated, and only when the branch changes.
          if (!line.endsWith(' …')) seen.push(line);
          above = [...above.slice(0, depth), about!];
        }
        const isItself = each.eventName !== '';
        seen.push([...above.slice(0, own.depth), own.about].join('/'));
        wanted.push([...pathOf(task), ...(isItself ? [] : [each.body])].join('/'));
        above = above.slice(0, own.depth);
        if (each.eventName === 'task.started') above.push(own.about!);
        open += each.eventName === 'task.started' ? 1 : isItself ? -1 : 0;
        seen.push(live.openTasks);
        wanted.push(open);
      }
      expect(seen).toEqual(wanted);
    }),
    { numRuns: 30 },
  );
});

test('tasks that never end are evicted, the least recently logging one first', () => {
  const live = new LiveLines({ form: 'tree', color: false });
  const of = (name: string, eventName = '') =>
    [...live.of(record({ body: name, eventName, attributes: { 'task.id': name, 'task.name': name } }))].join(
      '\n',
    );
  for (let count = 0; count < 4_096; count += 1) of(`task-${count}`, 'task.started');
  of('task-0');
  of('task-4096', 'task.started');
  expect(live.openTasks).toBe(4_096);
  // The second was evicted, not the first, which has logged in the meantime.
  const child = (parent: string) =>
    record({ body: 'x', attributes: { 'task.id': 'new', 'task.parent.id': parent } });
  expect([...live.of(child('task-0'))].join('\n')).toContain('task-0 …');
  expect(
    [...live.of(record({ body: 'y', attributes: { 'task.id': 'newer', 'task.parent.id': 'task-1' } }))].join(
      '\n',
    ),
  ).not.toContain('task-1 …');
});

test('guides end at a depth of 24; deeper lines contain their depth', () => {
  const paint = { color: false, width: Number.POSITIVE_INFINITY, ascii: false, marks: unicodeMarks };
  const at = (depth: number) => paintLine([piece('x')], depth, paint);
  expect(at(0)).toBe('x');
  expect(at(24)).toBe(`${unicodeMarks.guide.repeat(24)}x`);
  expect(at(25)).toBe(`${unicodeMarks.guide.repeat(24)}(+1) x`);
});

test('of siblings that began at the same time, those with a child number are first', () => {
  const start = (id: string, more: object) =>
    record({ body: id, eventName: 'task.started', attributes: { 'task.id': id, 'task.name': id, ...more } });
  const trees = buildTrees([
    start('parent', {}),
    start('a', { 'task.parent.id': 'parent' }),
    start('c', { 'task.parent.id': 'parent', 'task.parent.child': 2 }),
    start('d', { 'task.parent.id': 'parent', 'task.parent.child': 1 }),
  ]);
  expect(trees.nodes.map(({ id }) => id)).toEqual(['parent', 'd', 'c', 'a']);
});

test('a step is placed after as many records of its parent as its start names, whatever the clocks say', () => {
  const of = (id: string, sequence: number, at: number, more: object = {}, eventName = '') =>
    record({
      at,
      eventName,
      body: `${id} ${sequence}`,
      attributes: { 'task.id': id, 'task.sequence': sequence, ...more },
    });
  const step = { 'task.parent.id': 'parent', 'task.parent.sequence': 2 };
  for (const at of [-50, 15, 500]) {
    const records = [1, 2, 3, 4].map((sequence) => of('parent', sequence, 10 * sequence));
    records.push(of('step', 1, at, step, 'task.started'));
    const drawn = [...lines(buildTrees(records), { unfold: 'all' })].flatMap(
      (line) => /(?:parent|step) \d/.exec(line)?.[0] ?? [],
    );
    expect({ at, drawn: drawn.slice(-5) }).toEqual({
      at,
      drawn: ['parent 1', 'parent 2', 'step 1', 'parent 3', 'parent 4'],
    });
  }
});

test('flat lines name the source of a record, except for records that tasks write, and mark released records', () => {
  const flat = new LiveLines({ form: 'flat', color: false, traces: true });
  const of = (given: Partial<TreeRecord>) => [...flat.of(record(given))];
  const task = { 'task.id': 't', 'task.name': 'load' };
  expect(of({ body: 'said', scope: 'app', attributes: task })[0]).toMatch(/shop app load said {2}trace /);
  expect(of({ body: 'load succeeded', scope: 'burstlog', attributes: task })[0]).toMatch(
    /shop load succeeded/,
  );
  expect(of({ body: 'load succeeded', scope: 'burstlog', attributes: task })[0]).not.toContain('burstlog');
  const [burst] = of({ body: '3 records', eventName: 'burst.released', severity: 17, traceId: '' });
  expect(burst).toContain(`${unicodeMarks.burst} 3 records`);
  expect(burst).not.toMatch(/ERROR|trace/);
});

test('a failed trace without tasks names three of its services, and shows that there are more', () => {
  const of = (services: number) =>
    Array.from({ length: services }, (_, at) =>
      record({ at, body: 'x', severity: 17, service: `service-${at}` }),
    );
  const [three] = lines(buildTrees(of(3)));
  const [four] = lines(buildTrees(of(4)));
  expect(three).toMatch(/service-0, service-1, service-2$/);
  expect(four).toMatch(/service-0, service-1, service-2, …$/);
});

/** Texts with characters that take two columns, none, or would move the cursor. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'b ',
        '東',
        '京',
        '👍',
        'e\u0301',
        '\u0301',
        '\u001b[31m',
        '\u202e',
        '\r',
        '\n',
        '\t',
        '\u0000',
      ),
      fc.constantFrom('\ud800', '\u200d', '\u0085', '\u009b31m', '…', '│', 'ﬀ', 'x'.repeat(30)),
    ),
    { maxLength: 25 },
  )
  .map((parts) => parts.join(''));

/** Characters that move the cursor or change the direction, and invalid ones. */
const unsafe = /\p{Cc}|[\u202a-\u202e]|\p{Cs}/u;

/** Columns of the characters that can be in a line of these texts. */
function columns(line: string): number {
  let sum = 0;
  for (const character of line) {
    if (character === '\u0301' || character === '\u200d') continue;
    sum += '東京👍'.includes(character) ? 2 : 1;
  }
  return sum;
}

const nastyRecords = fc.array(
  fc.record({
    task: fc.constantFrom('', 't1', 't2'),
    name: nasty,
    body: nasty,
    service: nasty,
    event: fc.constantFrom('', 'task.started', 'task.failed', 'burst.released'),
    data: fc.dictionary(nasty, fc.oneof(nasty, fc.integer(), fc.constant({ a: [1, '東'] })), { maxKeys: 3 }),
    stack: nasty,
    severity: fc.constantFrom(0, 5, 13, 17, 99),
  }),
  { maxLength: 8 },
);

test('whatever is in records: lines fit the width, move no cursor, and color and ASCII change nothing else', () => {
  const options = fc.record({
    width: fc.integer({ min: 20, max: 90 }),
    unfold: fc.constantFrom('all' as const, 'failing' as const, 'none' as const),
    maxLines: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(nastyRecords, options, (given, { width, unfold, maxLines }) => {
      const records = given.map(({ task, name, body, service, event, data, stack, severity }, at) =>
        record({
          ...{ at, body, service, severity, eventName: event },
          attributes: {
            ...data,
            ...(task === '' ? {} : { 'task.id': task, 'task.name': name, 'task.sequence': at + 1 }),
            ...(event === 'task.failed' ? { 'exception.type': name, 'exception.stacktrace': stack } : {}),
          },
        }),
      );
      const trees = buildTrees(records);
      const plain = [...lines(trees, { unfold })];
      const cut = [...lines(trees, { unfold, width })];
      const colored = [...lines(trees, { unfold, width, color: true })];
      const ascii = [...lines(trees, { unfold, width, ascii: true })];
      const few = [...lines(trees, { unfold, maxLines })];
      expect([...plain, ...cut].filter((line) => unsafe.test(line))).toEqual([]);
      expect(cut.filter((line) => columns(line) > width)).toEqual([]);
      expect(colored.map(stripVTControlCharacters)).toEqual(cut);
      expect(ascii.filter((line) => !/^[ -~]*$/.test(line) || line.length > width)).toEqual([]);
      const wrong = cut.filter((line, at) =>
        columns(plain[at]!) <= width ? line !== plain[at] : !plain[at]!.startsWith(line.slice(0, -1)),
      );
      expect(wrong).toEqual([]);
      expect(few.slice(0, maxLines)).toEqual(plain.slice(0, maxLines));
      expect(few.length).toBe(Math.min(plain.length, maxLines + 1));
    }),
    { numRuns: 60 },
  );
});
