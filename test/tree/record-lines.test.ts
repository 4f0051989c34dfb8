import { buildTrees, type LinesOptions, lines } from '../../src/tree/index.ts';
import { type Given, record, TaskStory } from './story.ts';

/** The lines of one shown record without a task, without those above it. */
function shown(given: Given, options: LinesOptions = { unfold: 'all' }): string[] {
  const trees = buildTrees([record({ traceId: '', body: 'said', ...given })]);
  return [...lines(trees, options)].slice(1);
}

/** The same line without its time. */
const line = (given: Given, options?: LinesOptions) =>
  shown(given, options)[0]!.slice('│ 06:12:36.000 '.length);

test.each([
  [0, '      said'],
  [1, 'TRACE said'],
  [4, 'TRACE said'],
  [5, 'DEBUG said'],
  [9, 'INFO  said'],
  [12, 'INFO  said'],
  [13, 'WARN  said'],
  [17, 'ERROR said'],
  [24, 'FATAL said'],
  [25, '      said'],
])('severity %d is shown as in "%s"', (severity, text) => {
  expect(line({ severity })).toBe(text);
});

test.each<[Given, string]>([
  [{ at: 0.999 }, '06:12:36.000'],
  [{ at: 1 }, '06:12:36.001'],
  [{ at: 999.9999 }, '06:12:36.999'],
  [{ at: 1_000 }, '06:12:37.000'],
])('the time of %j is %s: it is cut, not rounded', (given, time) => {
  expect(shown(given)[0]).toBe(`│ ${time} INFO  said`);
});

test('a record without a text shows its event, or a placeholder', () => {
  expect(line({ body: '', eventName: 'user.login' })).toBe('INFO  user.login');
  expect(line({ body: '' })).toBe('INFO  (no text)');
});

test('attributes follow the text, quoted if they are empty or contain blanks or quotes', () => {
  const attributes = {
    plain: 'a.b-c',
    blank: 'a b',
    tab: 'a\tb',
    quote: 'a"b',
    equals: 'a=b',
    none: '',
    list: [1, 'b c'],
    constructor: 'x',
    absent: undefined,
    nothing: null,
  };
  expect(line({ attributes })).toBe(
    'INFO  said  plain=a.b-c blank="a b" tab="a\\tb" quote="a\\"b" equals="a=b" none="" list=[1,"b c"] constructor=x',
  );
});

test('eight attributes are shown, the others counted, and long ones cut to 80 characters', () => {
  const of = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${at}`, at]));
  expect(line({ attributes: of(8) })).toBe('INFO  said  a0=0 a1=1 a2=2 a3=3 a4=4 a5=5 a6=6 a7=7');
  expect(line({ attributes: of(10) })).toBe('INFO  said  a0=0 a1=1 a2=2 a3=3 a4=4 a5=5 a6=6 a7=7 (2 more)');
  expect(line({ attributes: { long: 'x'.repeat(80) } })).toBe(`INFO  said  long=${'x'.repeat(80)}`);
  expect(line({ attributes: { long: 'x'.repeat(81) } })).toBe(`INFO  said  long=${'x'.repeat(79)}…`);
});

test('attributes that the package itself writes are left out, those with a similar name are not', () => {
  const own = ['task.name', 'burst.id', 'distlog.key', 'exception.escaped', 'error.kind', 'code.function'];
  const similar = ['tasks', 'taskless.x', 'my.task.id', 'encode.x'];
  const attributes = Object.fromEntries([...own, ...similar].map((name) => [name, 1]));
  expect(line({ attributes })).toBe(`INFO  said  ${similar.map((name) => `${name}=1`).join(' ')}`);
});

test('the code location is shown with unfold all only', () => {
  const attributes = { 'code.file.path': '/srv/a.js', 'code.line.number': 41 };
  expect(line({ attributes })).toBe('INFO  said  /srv/a.js:41');
  expect(line({ attributes: { 'code.file.path': '/srv/a.js' } })).toBe('INFO  said  /srv/a.js');
  expect(line({ attributes: { 'code.line.number': 41 } })).toBe('INFO  said');
  expect(line({ attributes, severity: 17 }, { unfold: 'failing' })).toBe('ERROR said');
});

test('an error follows a text that does not contain it', () => {
  const error = (message: string, type = 'E') => ({ 'exception.type': type, 'exception.message': message });
  expect(line({ attributes: error('no room') })).toBe('INFO  said  E: no room');
  expect(line({ body: 'it said: no room', attributes: error('no room') })).toBe('INFO  it said: no room');
  expect(line({ body: 'E happened', attributes: { 'exception.type': 'E' } })).toBe('INFO  E happened');
  expect(line({ attributes: { 'exception.type': 'E' } })).toBe('INFO  said  E');
});

test('the count of a repeated error is shown, also without the id of a complete burst', () => {
  expect(line({ attributes: { 'burst.repeat': 3 } })).toBe('INFO  said  (number 3 of this error)');
  expect(line({ attributes: { 'burst.repeat': 3, 'burst.last_id': 7 } })).toBe(
    'INFO  said  (number 3 of this error)',
  );
  expect(line({ attributes: { 'burst.repeat': '3', 'burst.last_id': 'b' } })).toBe('INFO  said');
});

test('a long text is shown with 24 lines, or 200 with unfold all', () => {
  const of = (count: number, options?: LinesOptions) =>
    shown({ body: Array.from({ length: count }, (_, at) => `l${at}`).join('\n'), severity: 17 }, options);
  const failing = { unfold: 'failing' } as const;
  expect(of(24, failing)).toHaveLength(24);
  expect(of(25, failing).slice(-2)).toEqual([
    '│                    l23',
    '│                    … 1 more line',
  ]);
  expect(of(200)).toHaveLength(200);
  expect(of(202).at(-1)).toBe('│                    … 2 more lines');
  expect(shown({ body: 'a\r\nb\n\n' })).toEqual(['│ 06:12:36.000 INFO  a', '│                    b']);
});

describe('a stack', () => {
  const stackOf = (stack: string, options?: LinesOptions, message = '') =>
    shown(
      {
        severity: 17,
        attributes: { 'exception.type': 'E', 'exception.message': message, 'exception.stacktrace': stack },
      },
      options,
    )
      .slice(1)
      .map((each) => each.slice('│   '.length));
  const failing = { unfold: 'failing' } as const;
  const frames = (count: number) => Array.from({ length: count }, (_, at) => `    at f${at} (a.js:1:1)`);

  test('has the six frames nearest to each error, with unfold all fifty', () => {
    const six = stackOf(['E: x', ...frames(6)].join('\n'), failing);
    expect(six).toEqual(['E: x', ...frames(6)]);
    const stack = ['E: x', ...frames(60), '  [cause]: F: y', ...frames(7)].join('\r\n');
    expect(stackOf(stack, failing)).toEqual([
      'E: x',
      ...frames(6),
      '  … 54 more lines',
      '  [cause]: F: y',
      ...frames(6),
      '  … 1 more line',
    ]);
    expect(stackOf(stack)).toEqual([
      'E: x',
      ...frames(50),
      '  … 10 more lines',
      '  [cause]: F: y',
      ...frames(7),
    ]);
  });

  test('omits empty lines, and those that only repeat the line above it', () => {
    expect(stackOf('E: two\n  lines\n\n   \n    at a (b:1:1)', failing, 'two\nlines')).toEqual([
      '    at a (b:1:1)',
    ]);
  });

  test('has at most 24 lines, with unfold all 200', () => {
    const causes = (count: number) => Array.from({ length: count }, (_, at) => `[cause]: ${at}`).join('\n');
    expect(stackOf(causes(24), failing)).toHaveLength(24);
    expect(stackOf(causes(26), failing).at(-1)).toBe('  … 2 more lines');
    expect(stackOf(causes(201)).at(-1)).toBe('  … 1 more line');
  });

  test('of Python has its last lines, which contain the error', () => {
    const traceback = [
      'Traceback (most recent call last):',
      ...Array.from({ length: 40 }, (_, at) => `  File "a.py", line ${at}`),
      'ValueError: last',
    ];
    const kept = stackOf(traceback.join('\n'), failing);
    expect(kept).toHaveLength(24);
    expect(kept.slice(0, 2)).toEqual([traceback[0], traceback[19]]);
    expect(kept.at(-1)).toBe('ValueError: last');
    const short = [traceback[0]!, ...traceback.slice(-3)];
    expect(stackOf(short.join('\n'), failing)).toEqual(short);
  });

  test('of a megabyte is not read to its end', () => {
    const long = `E: x\n${'    at f (a.js:1:1)\n'.repeat(60_000)}`;
    expect(stackOf(long, failing).at(-1)).toMatch(
      /^ {2}… \d,?\d{3,} more lines$|^ {2}… 13,\d{3} more lines$/,
    );
  });
});

test('a record in a task omits the data of the task, unless it has another value', () => {
  const story = new TaskStory('a', 'job', { attributes: { tenant: 'x', list: [1] } })
    .start(0)
    .say(1, 'same', { attributes: { tenant: 'x', list: [1] } })
    .say(2, 'other', { attributes: { tenant: 'y', list: [1, 2] } });
  expect([...lines(buildTrees(story.records), { unfold: 'all' })].slice(2)).toEqual([
    '│ 06:12:36.001 INFO  same',
    '│ 06:12:36.002 INFO  other  tenant=y list=[1,2]',
  ]);
});
