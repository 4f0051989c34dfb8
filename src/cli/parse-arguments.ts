import { parseArgs } from 'node:util';
import { nearest } from '../settings/index.ts';
import type { CommandOption, CommandOptions, ParsedArguments } from './command.ts';
import { usageError } from './exit-code.ts';

/**
 * Parses the arguments after the name of a command.
 * @throws CommandError that describes the error, with a suggestion
 */
export function parseArguments(
  args: readonly string[],
  known: CommandOptions,
  takesWords: boolean,
): ParsedArguments {
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { type, short }]) => [name, { type, ...(short && { short }) }]),
  );
  const parsed = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const values: Record<string, string | true> = {};
  const words: string[] = [];
  for (const token of parsed.tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (option === undefined) {
      throw usageError(
        `unknown option ${token.rawName}${suggestionFor(token.name, Object.keys(known), '--')}`,
      );
    }
    if (Object.hasOwn(values, token.name)) throw usageError(`--${token.name} is given twice`);
    values[token.name] = checkedValue(token, option);
  }
  if (words.length > 0 && !takesWords) {
    throw usageError(`expected only options, got ${JSON.stringify(words[0])}`);
  }
  return { values, words };
}

/** Returns a suggestion for an unknown name, with the known ones. @param start a prefix for each name */
export function suggestionFor(given: string, known: readonly string[], start = ''): string {
  const near = nearest(given, known);
  const all = known.map((name) => `${start}${name}`).join(', ');
  return near === undefined
    ? `; expected one of ${all}`
    : `; did you mean ${start}${near}? Expected one of ${all}`;
}

function checkedValue(
  {
    name,
    value,
    inlineValue,
  }: {
    readonly name: string;
    readonly value?: string | undefined;
    readonly inlineValue?: boolean | undefined;
  },
  { type, value: placeholder = '', choices }: CommandOption,
): string | true {
  if (type === 'boolean') {
    if (value !== undefined) throw usageError(`--${name} takes no value`);
    return true;
  }
  // A following option is not taken as a value, unless it is written as one with `=`.
  if (value === undefined || value === '' || (inlineValue !== true && /^-./.test(value))) {
    throw usageError(`--${name} needs a value: ${choices?.join(', ') ?? placeholder}`);
  }
  if (choices !== undefined && !choices.includes(value)) {
    throw usageError(`--${name} must be one of ${choices.join(', ')}; got ${JSON.stringify(value)}`);
  }
  return value;
}
