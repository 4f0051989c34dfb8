/**
 * Styles that are readable on dark and light backgrounds: the terminal's foreground color, plain, bold or
 * dim, and the three of the first eight colors that keep their contrast on both. Yellow and cyan are
 * unreadable on white, blue on black.
 */
export type Style = 'plain' | 'dim' | 'bold' | 'red' | 'boldRed' | 'reverseRed' | 'magenta' | 'green';

/** SGR parameters, ECMA-48 8.3.117. */
const SGR: Readonly<Record<Style, string>> = {
  plain: '',
  dim: '2',
  bold: '1',
  red: '31',
  boldRed: '1;31',
  reverseRed: '1;7;31',
  magenta: '35',
  green: '32',
};

/** Colors a text that is already escaped. */
export function colored(text: string, style: Style): string {
  return style === 'plain' || text === '' ? text : `\x1b[${SGR[style]}m${text}\x1b[0m`;
}

/** The style of a severity number. */
export function styleOfSeverity(severityNumber: number): Style {
  if (severityNumber >= 21) return 'reverseRed';
  if (severityNumber >= 17) return 'boldRed';
  if (severityNumber >= 13) return 'magenta';
  return severityNumber >= 1 && severityNumber < 9 ? 'dim' : 'plain';
}

/** When to use colors. `auto`: on a terminal, unless the environment overrides it. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** The destination of the text, and the environment. */
export interface ColorEnvironment {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Whether to use colors. For `auto`, `FORCE_COLOR` takes precedence, as in Node.js (0 and false disable
 * colors, other values enable them), then a non-empty `NO_COLOR` disables them (no-color.org), then colors
 * are used on a terminal that is not dumb.
 */
export function isColored(choice: ColorChoice, { isTerminal, env }: ColorEnvironment): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if ((NO_COLOR ?? '') !== '') return false;
  return isTerminal && TERM !== 'dumb';
}
