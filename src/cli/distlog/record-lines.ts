import { JsonLines, type LogGroup } from '../../otlp/index.ts';
import { colored, isoText, safeJsonText } from '../../text/index.ts';
import { LiveLines, treeRecords } from '../../tree/index.ts';

export interface RecordLinesOptions {
  /** `tree` and `flat` for people; `json`: a line of OTLP/JSON for each record. */
  readonly form: 'tree' | 'flat' | 'json';
  readonly color: boolean;
}

/** Makes lines of records as they come. In front of the first record of a day stands a line with the date, UTC. */
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

/** What `distlog`, `jq` and lnav read back. */
function* jsonLinesOf({ resource, scope, records }: LogGroup): Generator<string> {
  for (const record of records) {
    const text = [...new JsonLines().lines([{ resource, scope, records: [record] }])].join('');
    yield safeJsonText(text.trimEnd());
  }
}
