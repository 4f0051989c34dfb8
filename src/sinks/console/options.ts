import type { Writable } from 'node:stream';
import type { OwnLog } from '../../component/index.ts';
import { choice, group, type ValueOf } from '../../settings/index.ts';

/** The options of `ConsoleSink`. */
export const consoleSinkOptions = group(
  {
    format: choice(['flat', 'tree'], {
      default: 'flat',
      meaning:
        '`flat`: a line for each record, in the order of arrival. `tree`: indented by task, with start, end, outcome and duration.',
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

/** What the sink works with, beside its options. */
export interface ConsoleSinkTools {
  readonly log: OwnLog;
  /** Default: the standard output. It is never closed. */
  readonly stream?: (Writable & { readonly isTTY?: boolean | undefined }) | undefined;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}
