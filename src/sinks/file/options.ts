import type { OwnLog } from '../../component/index.ts';
import type { Clock } from '../../record/index.ts';
import { bytes, choice, count, flag, group, millis, path, type ValueOf } from '../../settings/index.ts';

const MIB = 1024 * 1024;

/** The options of `FileSink`. */
export const fileSinkOptions = group(
  {
    path: path({
      absent: '`<data>/logs/<name>.jsonl`, or `.log` as text',
      meaning:
        'The path of the file. Missing directories are created. No other program may write to the file. In the data directory, sinks may write to `logs/` only.',
      example: '/var/log/distlogd/archive.jsonl',
    }),
    format: choice(['otlpJson', 'text'], {
      default: 'otlpJson',
      meaning:
        '`otlpJson`: lines of OTLP/JSON with up to 512 records, which the Collector and lnav read; no information is lost. `text`: one line per record, for people.',
    }),
    rotate: group(
      {
        maxBytes: bytes({
          min: MIB,
          orZero: true,
          default: 100 * MIB,
          meaning: 'A file of this size is rotated before the next write. 0: not by size.',
        }),
        maxAgeMillis: millis({
          min: 60_000,
          max: 3_650 * 86_400_000,
          orZero: true,
          default: 86_400_000,
          meaning: 'A file of this age is rotated before the next write. 0: not by age.',
        }),
        keep: count({ min: 1, max: 100_000, default: 10, meaning: 'How many rotated files are kept.' }),
        gzip: flag({ default: true, meaning: 'Rotated files are compressed.' }),
      },
      { meaning: 'When a new file is started, and what happens to the old ones.' },
    ),
    mode: choice(['owner', 'group', 'all'], {
      default: 'owner',
      meaning:
        'Who may read the file and rotated ones: `owner` (0600), `group` (0640), `all` (0644). Created directories have the same access.',
    }),
    fsync: choice(['always', 'never'], {
      default: 'always',
      meaning:
        '`always`: a record counts as written when it is on disk. `never`: when the operating system has it; a power failure can lose the last records.',
    }),
  },
  { meaning: 'Writes records to a file, as lines of OTLP/JSON or of text.' },
);

/** The resolved options. */
export type FileSinkOptions = ValueOf<typeof fileSinkOptions> & { readonly path: string };

/** The dependencies of the sink, besides its options. */
export interface FileSinkTools {
  readonly log: OwnLog;
  /** The clock, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}
