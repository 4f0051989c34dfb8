import * as fc from 'fast-check';
import { columnsOf, cutToColumns, safeJson, safeText } from '../../src/text/index.ts';
import { buildTrees, lines } from '../../src/tree/index.ts';
import { anyText } from '../support/any-text.ts';
import { record, TaskStory } from '../tree/story.ts';

/** C0, DEL, C1, line separators, lone surrogates, direction marks. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}\u200b\ufeff\u00ad\u{e0001}]/u;

const attacks = {
  'a color': '\x1b[31mred\x1b[0m',
  'clearing the screen': '\x1b[2J\x1b[H',
  'a window title (OSC 0)': '\x1b]0;owned\x07',
  'a link (OSC 8)': '\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\',
  'the clipboard (OSC 52)': '\x1b]52;c;cm0gLXJmIC8=\x07',
  'C1 controls': '\u009b31m \u009d52;c;AAAA\u009c \u0090q\u009c',
  'a line of its own': 'ok\n✔ all is well\r\nreally\u2028and\u2029more\u0085',
  'overwriting the line': 'bad\rgood\b\b\b\b',
  'turning the text around': '\u202egnp.exe\u202c \u2066a\u2069 \u200f\u061c',
  'what cannot be seen': 'pay\u200bpal\ufeff\u00ad\u{e0041}',
  'half a character': '\ud800 and \udfff',
  'DEL and NUL': '\x7f\x00',
};

/** The text in every field that may contain data. */
function everywhere(text: string) {
  const data = { [text]: text, list: [text, { [text]: text }] };
  const exception = {
    'exception.type': text,
    'exception.message': text,
    'exception.stacktrace': `${text}\n at ${text}`,
  };
  const common = { service: text, process: text, scope: text, attributes: data };
  const root = new TaskStory(text || 'id', text, {
    ...common,
    traceId: text,
    parent: `parent ${text}`,
  })
    .start(0, { 'task.refused_traceparent': text, 'task.links': [text] })
    .say(1, text, { severity: 17, attributes: exception });
  root.fail(2, 1, {
    ...exception,
    'error.type': text,
    'task.failed_in': `gone ${text}`,
    'code.file.path': text,
  });
  return [...root.records, record({ ...common, traceId: text, body: text, severity: 17, eventName: text })];
}

test.each(Object.entries(attacks))('%s does not reach the terminal', (_, text) => {
  for (const options of [{ unfold: 'all' }, { ascii: true }, { width: 40 }] as const) {
    for (const line of lines(buildTrees(everywhere(text)), options)) expect(line).not.toMatch(UNSAFE);
  }
  expect(safeText(text)).not.toMatch(UNSAFE);
  expect(safeJson({ [text]: text })).not.toMatch(UNSAFE);
  expect(JSON.parse(safeJson([text]))).toEqual([text]);
});

test('no text of any kind reaches the terminal raw', () => {
  fc.assert(
    fc.property(anyText(), fc.integer({ min: 20, max: 60 }), (text, width) => {
      const shown = [...lines(buildTrees(everywhere(text)), { unfold: 'all', width })];
      expect(shown.filter((line) => UNSAFE.test(line))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('harmless text is unchanged', () => {
  const text = 'zürich 東京 👩‍👩‍👧 e\u0301 می‌خواهم';
  expect(safeText(text)).toBe(text);
});

test('escaped text stays readable', () => {
  expect(safeText('a\nb\tc\x1b[0m\u202e\u{e0041}')).toBe('a\\nb\\tc\\x1b[0m\\u202e\\u{e0041}');
});

test('very large texts are truncated, omitted lines of a stack and attributes are counted', () => {
  const huge = 'x'.repeat(5_000_000);
  for (const line of lines(buildTrees(everywhere(huge)), { unfold: 'all' }))
    expect(line.length).toBeLessThan(20_000);
});

/**
 * All Unicode characters that a terminal interprets or that are invisible, as ranges, independent of our
 * expressions.
 */
const OBEYED: readonly (readonly [first: number, last: number])[] = [
  ...([
    [0, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x200b, 0x200b],
    [0x200e, 0x200f],
  ] as const),
  ...([
    [0x2028, 0x202e],
    [0x2060, 0x2064],
    [0x2066, 0x206f],
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
  ] as const),
  ...([
    [0xfff9, 0xfffb],
    [0xe0001, 0xe0001],
    [0xe0020, 0xe007f],
  ] as const),
];
const isObeyed = (code: number) => OBEYED.some(([first, last]) => code >= first && code <= last);

test('every character of Unicode: those that a terminal interprets are escaped, letters and signs are kept', () => {
  // The first two planes, and the tags; the rest is Han and private use.
  const blocks = Array.from(
    { length: 0x202 },
    (_, at) => (at < 0x200 ? at : at + 0xe0000 / 0x100 - 0x200) * 0x100,
  );
  for (const first of blocks) {
    const characters = Array.from({ length: 0x100 }, (_, at) => String.fromCodePoint(first + at));
    // Separated by a letter, so that surrogates do not join and marks do not accumulate.
    const shown = safeText(characters.join('a'));
    for (const character of shown) {
      if (isObeyed(character.codePointAt(0)!))
        throw new Error(`U+${first.toString(16)}: ${JSON.stringify(shown)}`);
    }
    const plain = characters.filter((each) => /[\p{L}\p{M}\p{N}\p{S}\p{P}]/u.test(each));
    const text = plain.join('a');
    if (safeText(text) !== text) expect(safeText(text)).toBe(text);
    expect(/^[ -~]*$/.test(safeText(characters.join('a'), true))).toBe(true);
    expect(JSON.parse(safeJson(characters)).join('')).toBe(characters.join(''));
  }
});

test('a text that is truncated to columns is the longest prefix that fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, columns) => {
      const cut = cutToColumns(text, columns);
      expect(text.startsWith(cut)).toBe(true);
      expect(columnsOf(cut)).toBeLessThanOrEqual(columns);
      const [next] = text.slice(cut.length);
      if (next !== undefined) expect(columnsOf(cut + next)).toBeGreaterThan(columns);
    }),
  );
  expect(['a', 'é', 'e\u0301', '東', '\u{20000}', '👩‍👩‍👧', '\uff21', ''].map(columnsOf)).toEqual([
    1, 1, 1, 2, 2, 6, 2, 0,
  ]);
});
