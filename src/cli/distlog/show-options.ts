import { asciiMarks, type Paint, unicodeMarks } from '../../tree/index.ts';
import { usageError } from '../exit-code.ts';
import type { Io } from '../io.ts';

/** The options of all commands that print readable lines. */
export const showOptions = {
  ascii: { type: 'boolean', help: 'uses ASCII characters only' },
  color: {
    type: 'string',
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    help: 'auto (default: on a terminal, unless NO_COLOR is set), always, never',
  },
  width: {
    type: 'string',
    value: 'N',
    help: 'cuts lines to N columns, from 20 (default: the width of the terminal; otherwise no limit)',
  },
} as const;

/** The values of the command line. */
export interface GivenShow {
  readonly ascii?: true | undefined;
  readonly color?: 'auto' | 'always' | 'never' | undefined;
  readonly width?: string | undefined;
}

/** On a narrower terminal lines are wrapped instead. */
const MIN_WIDTH = 20;

/** @throws CommandError */
export function paintOf(given: GivenShow, { terminal }: Io): Paint {
  const { color = 'auto', width } = given;
  const ascii = given.ascii === true;
  const columns = terminal !== undefined && terminal.columns >= MIN_WIDTH ? terminal.columns : undefined;
  return {
    ascii,
    color: color === 'auto' ? terminal?.color === true : color === 'always',
    width: widthOf(width) ?? columns ?? Number.POSITIVE_INFINITY,
    marks: ascii ? asciiMarks : unicodeMarks,
  };
}

function widthOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value) && Number(value) >= MIN_WIDTH) return Number(value);
  throw usageError(`--width must be a whole number from ${MIN_WIDTH}; got ${JSON.stringify(value)}`);
}
