import { JsonLines, type LogGroup } from '../../otlp/index.ts';
import { colored, isoText, safeJsonText } from '../../text/index.ts';
import { LiveLines, treeRecords } from '../../tree/index.ts';

export interface RecordLinesOptions {
  /** `tree` and `flat` are for people; `json` is one line of OTLP/JSON per record. */
  readonly form: 'tree' | 'flat' | 'json';
  readonly color: boolean;
}

/**
 * Renders records as lines as they arrive. A line with the date (UTC) precedes the first record of each day.
 */
export function recordLines({ form, color }: RecordLinesOptions): (group: LogGroup) => Iterable<string> {
  if (form === 'json') return jsonLinesOf;
  const live = new LiveLines({ form, color, traces: true });
  let day = '';
  return function* (group) {
    for (const record of treeRecords(group)) {
      const now = isoText(record.seconds * 1e3)?.slice(0, 10) ?? day;
      if (now !== day) yield color ? colored(`${now} UTC`, 'dim') : `${now} UTC`;
      day = now;
      yield* live.of(record);
    }
  };
}

/** Renders the format that `distlog`, `jq` and lnav can read. */
function* jsonLinesOf({ resource, scope, records }: LogGroup): Generator<string> {
  for (const record of records) {
    const text = [...new JsonLines().lines([{ resource, scope, records: [record] }])].join('');
    yield safeJsonText(text.trimEnd());
  }
}
