import { choice, group, type ValueOf } from '../../settings/index.ts';

/** The options of `ConsoleSink`. */
export const consoleSinkOptions = group(
  {
    format: choice(['flat', 'tree'], {
      default: 'flat',
      meaning:
        '`flat`: a line for each record, as they come. `tree`: indented by task, with start, end, outcome and duration.',
    }),
    color: choice(['auto', 'always', 'never'], {
      default: 'auto',
      meaning: '`auto`: on a terminal; `NO_COLOR` and `FORCE_COLOR` in the environment are obeyed.',
    }),
  },
  { meaning: 'Writes to the standard output.' },
);

/** The options as they hold. */
export type ConsoleSinkOptions = ValueOf<typeof consoleSinkOptions>;
