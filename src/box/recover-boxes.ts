import {
  BURST_DROPPED,
  BURST_FIRST_TIME,
  BURST_ID,
  BURST_LAST_TIME,
  BURST_REASON,
  BURST_RECOVERED,
  BURST_RELEASED,
  BURST_RELEASED_EVENT,
  BURST_SEQUENCE,
  BURST_TRIGGER,
  type Clock,
  type ReadableLogRecordLike,
  Severity,
  systemClock,
} from '../record/index.ts';
import { type DirectoryBounds, type DirectoryReport, type TakenBox, takeBoxes } from './box-directory.ts';
import type { VitalSigns } from './last-words.ts';
import { type BoxContents, readBoxInTurns } from './read-box.ts';

/** The number of export attempts before a box is kept for manual inspection. */
const MAX_TRIES = 3;
/** How often a claimed box is touched: well below the time after which it counts as abandoned. */
const TOUCH_MILLIS = 5_000;

/** The result of exporting a box; `later`: the process ends, and the attempt is not counted as failed. */
export type SendOutcome = 'exported' | 'failed' | 'later';

/** The result of a recovery. */
export interface RecoveryReport extends DirectoryReport {
  /** Boxes whose records were exported. */
  recovered: number;
  records: number;
  /** Boxes that could not be read or exported: their path and the reason. */
  readonly kept: Map<string, string>;
}

/**
 * Exports the records that dead processes left in their boxes, one box at a time. A box is removed when its
 * records are exported. If the export fails three times, or the box cannot be read, it is kept under another
 * name.
 * @param send exports the records of one box, in order; the last one is the manifest
 * @returns what was done; throws only if the directory cannot be read
 */
export async function recoverBoxes(
  directory: string,
  bounds: DirectoryBounds,
  isWanted: (header: { readonly service: string }) => boolean,
  send: (records: readonly ReadableLogRecordLike[], contents: BoxContents) => Promise<SendOutcome>,
  clock: Clock = systemClock,
): Promise<RecoveryReport> {
  const report: RecoveryReport = {
    ...{ recovered: 0, records: 0, removed: 0 },
    ...{ refused: new Map<string, string>(), kept: new Map<string, string>() },
  };
  for (const box of takeBoxes(directory, bounds, report, isWanted)) {
    const contents = await readBoxInTurns(box.bytes);
    if (typeof contents === 'string') {
      keep(box, contents, report);
      continue;
    }
    const records = recoveredRecords(contents);
    const endTouching = touchRegularly(box, clock);
    const outcome = await outcomeOf(() => send(records, contents));
    endTouching();
    switch (outcome) {
      case 'exported':
        box.remove();
        report.recovered += 1;
        report.records += records.length;
        break;
      case 'later':
        quietly(() => box.restore());
        return report;
      case 'failed':
        if (box.failures + 1 < MAX_TRIES) quietly(() => box.release());
        else keep(box, `the export failed ${MAX_TRIES} times`, report);
    }
  }
  return report;
}

/** @returns a function that ends it */
function touchRegularly(box: TakenBox, clock: Clock): () => void {
  let cancel = () => {};
  const later = () => {
    cancel = clock.after(TOUCH_MILLIS, () => {
      quietly(() => box.touch());
      later();
    });
  };
  later();
  return () => cancel();
}

async function outcomeOf(send: () => Promise<SendOutcome>): Promise<SendOutcome> {
  try {
    return await send();
  } catch {
    return 'failed';
  }
}

function keep(box: TakenBox, why: string, report: RecoveryReport): void {
  quietly(() => report.kept.set(box.keep(), why));
}

/** Ignores errors: the box or its directory may have been removed in the meantime. */
function quietly(change: () => unknown): void {
  try {
    change();
  } catch {}
}

/**
 * Returns the content of a box as one burst: its records with their own times, contexts and resources, and a
 * manifest with the last words and signs. The result depends on the box alone.
 */
export function recoveredRecords(contents: BoxContents): readonly ReadableLogRecordLike[] {
  const { header, records } = contents;
  if (records.length === 0 && contents.lastWords.length === 0 && contents.lastFrame === 0) return [];
  const resources = new Map<object, object>();
  /** Reuses one object per resource, so that its records are exported in one group. */
  const resourceOf = (resource: { readonly attributes: object }) => {
    const ours = resources.get(resource) ?? ofProcess(resource, header.pid);
    resources.set(resource, ours);
    return ours;
  };
  const released = records.map(
    ({ record }, index): ReadableLogRecordLike => ({
      ...record,
      resource: resourceOf(record.resource),
      attributes: {
        ...record.attributes,
        // A record that was being delivered keeps its burst id.
        ...(record.attributes[BURST_ID] === undefined
          ? { [BURST_ID]: header.id, [BURST_SEQUENCE]: index + 1 }
          : {}),
        [BURST_RECOVERED]: true,
      },
    }),
  );
  return [...released, manifest(contents, resourceOf)];
}

function manifest(
  contents: BoxContents,
  resourceOf: (resource: { readonly attributes: object }) => object,
): ReadableLogRecordLike {
  const { header, records, signs, lastWords, missingFrames } = contents;
  const last = signs.at(-1);
  const endedAt = Math.max(lastWords.at(-1)?.atMillis ?? 0, last?.atMillis ?? 0, header.madeMillis);
  const hrTime: [number, number] = [Math.floor(endedAt / 1_000), (endedAt % 1_000) * 1e6];
  const reason =
    lastWords.length === 0 ? 'killed' : [...new Set(lastWords.map(({ text }) => text))].join('; ');
  // A process without last words was killed.
  const isFailure = lastWords.length === 0 || lastWords.some((words) => words.isFailure);
  const times = records.map(
    ({
      record: {
        hrTime: [seconds, nanos],
      },
    }) => seconds * 1_000 + nanos / 1e6,
  );
  const [first, newest] = [times.reduce(least, Infinity), times.reduce(most, -Infinity)];
  const stack = lastWords.findLast((words) => words.stack !== undefined)?.stack;
  return {
    ...{ hrTime, hrTimeObserved: hrTime },
    ...(isFailure
      ? { severityNumber: Severity.ERROR, severityText: 'ERROR' }
      : { severityNumber: Severity.INFO, severityText: 'INFO' }),
    eventName: BURST_RELEASED_EVENT,
    body: bodyOf(contents, reason),
    resource: resourceOf(header.resources[0] ?? { attributes: { 'service.name': header.service } }),
    instrumentationScope: { name: 'burstlog' },
    droppedAttributesCount: 0,
    attributes: {
      [BURST_ID]: header.id,
      [BURST_TRIGGER]: 'crash',
      [BURST_RECOVERED]: true,
      [BURST_RELEASED]: records.length,
      [BURST_REASON]: reason,
      ...(records.length > 0 ? { [BURST_FIRST_TIME]: iso(first), [BURST_LAST_TIME]: iso(newest) } : {}),
      ...(missingFrames > 0 ? { [BURST_DROPPED]: missingFrames } : {}),
      ...(stack === undefined ? {} : { 'exception.stacktrace': stack }),
      ...(last === undefined ? {} : signAttributes(last)),
    },
  };
}

function bodyOf({ header, records, signs }: BoxContents, reason: string): string {
  const last = signs.at(-1);
  const sign =
    last === undefined
      ? ''
      : `; last sign ${iso(last.atMillis)}: rss ${mebibytes(last.rss)}, heap ${mebibytes(last.heapUsed)} of ` +
        `${mebibytes(last.heapLimit)}, event loop ${last.loopDelayMillis} ms late`;
  return (
    `process ${header.pid} of ${header.service} ended (${reason}): ${records.length} records recovered; ` +
    `up to ${header.flushMillis} ms of records may be missing${sign}`
  );
}

function signAttributes(signs: VitalSigns): Record<string, unknown> {
  const { rss, heapUsed, heapLimit, memoryUsed, memoryLimit, loopDelayMillis, holding, atMillis } = signs;
  const all = {
    'process.memory.rss': rss,
    'process.memory.heap_used': heapUsed,
    'process.memory.heap_limit': heapLimit,
    'process.memory.cgroup_used': memoryUsed,
    'process.memory.cgroup_limit': memoryLimit,
    'process.event_loop.delay': loopDelayMillis,
    'burst.holding': holding,
    'burst.last_sign_time': iso(atMillis),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function ofProcess(resource: { readonly attributes: object }, pid: number): object {
  return { ...resource, attributes: { ...resource.attributes, 'process.pid': pid } };
}

const least = (one: number, other: number) => Math.min(one, other);
const most = (one: number, other: number) => Math.max(one, other);

function iso(millis: number): string {
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, millis))).toISOString();
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
