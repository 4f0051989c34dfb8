import type { Writable } from 'node:stream';
import type { OwnLog } from '../../component/index.ts';
import { choice, group, type ValueOf } from '../../settings/index.ts';

/** The options of `ConsoleSink`. */
export const consoleSinkOptions = group(
  {
    format: choice(['flat', 'tree'], {
      default: 'flat',
      meaning:
        '`flat`: one line per record, in the order of arrival. `tree`: indented by task, with start, end, outcome and duration.',
    }),
    color: choice(['auto', 'always', 'never'], {
      default: 'auto',
      meaning:
        '`auto`: if the output is a terminal; the environment variables `NO_COLOR` and `FORCE_COLOR` are obeyed.',
    }),
  },
  { meaning: 'Writes records to the standard output.' },
);

/** The resolved options. */
export type ConsoleSinkOptions = ValueOf<typeof consoleSinkOptions>;

/** The dependencies of the sink, besides its options. */
export interface ConsoleSinkTools {
  readonly log: OwnLog;
  /** Default: the standard output. The stream is never closed. */
  readonly stream?: (Writable & { readonly isTTY?: boolean | undefined }) | undefined;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}
