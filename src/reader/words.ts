import { type AnyValue, type DecodedLogRecord, isBytes, isMap, isWholeDouble } from '../otlp/index.ts';

/** Letters, digits and private characters make words, as in SQLite's `unicode61` tokenizer; marks are left out. */
const WORD = /[\p{L}\p{N}\p{Co}]+/gu;
const MARKS = /\p{M}+/gu;
const ONLY_ASCII = /^[\0-\x7f]*$/;

/** Whether a record has the words. */
export type WordTest = (record: DecodedLogRecord) => boolean;

/**
 * Whether each word of a text is in a record: in its body, its event name, or the values of its attributes, as a whole
 * word, in any case and with or without accents, as the daemon's store finds them. What a user wrote without a blank
 * belongs together: `order-4711` is `order`, and right behind it `4711`.
 * @returns undefined for a text without words, which fits every record
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

/** What is searched: no text goes on in the next one. */
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
