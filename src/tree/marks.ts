import type { ShownOutcome } from './summary.ts';

/** The marks of the output. A terminal without UTF-8 gets ASCII marks. */
export interface Marks {
  readonly outcomes: Readonly<Record<ShownOutcome, string>>;
  readonly gap: string;
  readonly link: string;
  readonly record: string;
  readonly burst: string;
  readonly guide: string;
  readonly path: string;
  readonly cut: string;
  readonly warning: string;
}

export const unicodeMarks: Marks = {
  outcomes: { succeeded: '✔', failed: '✘', expected: '~', cancelled: '⊘', abandoned: '◌', unknown: '…' },
  gap: '⋯',
  link: '↪',
  record: '·',
  burst: '⇡',
  guide: '│ ',
  path: ' › ',
  cut: '…',
  warning: '≠',
};

export const asciiMarks: Marks = {
  outcomes: {
    succeeded: '[ok]',
    failed: '[FAILED]',
    expected: '[expected]',
    cancelled: '[cancelled]',
    abandoned: '[abandoned]',
    unknown: '[...]',
  },
  gap: '~',
  link: '->',
  record: '.',
  burst: '^',
  guide: '| ',
  path: ' > ',
  cut: '...',
  warning: '!',
};
