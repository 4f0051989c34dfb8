import { type AnyValue, type DecodedLogRecord, isBytes, isMap, isWholeDouble } from '../otlp/index.ts';

/**
 * Words consist of letters, digits and private-use characters, as in SQLite's `unicode61` tokenizer; marks
 * are removed.
 */
const WORD = /[\p{L}\p{N}\p{Co}]+/gu;
const MARKS = /\p{M}+/gu;
const ONLY_ASCII = /^[\0-\x7f]*$/;

/** Whether a record contains the words. */
export type WordTest = (record: DecodedLogRecord) => boolean;

/**
 * Compiles a word search: each word must be in the record's body, event name or attribute values, as a whole
 * word, ignoring case and accents, in the same way as in the daemon's store. Words written without a blank
 * between them form a phrase: `order-4711` is `order` immediately followed by `4711`.
 * @returns undefined for a text without words, which matches every record
 */
export function wordTest(text: string): WordTest | undefined {
  const phrases = text
    .split(/\s+/)
    .map((each) => ` ${wordsOf(each).join(' ')} `)
    .filter((phrase) => phrase.trim() !== '');
  if (phrases.length === 0) return undefined;
  return (record) => {
    const all = textsOf(record).map((each) => ` ${wordsOf(each).join(' ')} `);
    return phrases.every((phrase) => all.some((each) => each.includes(phrase)));
  };
}

function wordsOf(text: string): readonly string[] {
  const plain = ONLY_ASCII.test(text) ? text : text.normalize('NFD').replace(MARKS, '');
  return plain.toLowerCase().match(WORD) ?? [];
}

/** The texts that are searched. A phrase does not continue from one text to the next. */
function textsOf({ body, eventName, attributes }: DecodedLogRecord): readonly string[] {
  const texts = [textOf(body ?? null), eventName];
  for (const [, value] of attributes) texts.push(textOf(value));
  return texts;
}

function textOf(value: AnyValue): string {
  if (value === null || (typeof value === 'object' && isBytes(value))) return '';
  if (typeof value !== 'object') return String(value);
  if (isWholeDouble(value)) return String(value.double);
  if (isMap(value)) return value.entries.map(([, each]) => textOf(each)).join('\n');
  return value.map(textOf).join('\n');
}
