import {
  type DecodedLogRecord,
  decodeLogs,
  EMPTY_RECORD,
  isWireError,
  type LogGroup,
  type LogResource,
  type LogScope,
  logGroups,
  type NeededFields,
  type RunHead,
  recordFields,
  reducedRecords,
  runRequest,
} from '../otlp/index.ts';
import { errorText } from '../record/index.ts';
import {
  CHUNKS_AT_ONCE,
  type ChunkPlace,
  type Hits,
  type Order,
  type PartitionReader,
} from './partition-reader.ts';
import type { Plan } from './query.ts';

/** The maximum number of chunks with hits that are decoded before the results are passed on. */
const HITS_TOGETHER = 32;
const NANOS_PER_MILLI = 1_000_000n;

/** Finds records in one partition. */
export class Search {
  readonly #partition: PartitionReader;
  readonly #plan: Plan;
  readonly #order: Order;
  readonly #upTo: number;
  readonly #onDamage: (why: string) => void;
  readonly #heads = new Map<string, RunHead & { readonly mayFit: boolean }>();

  /**
   * @param upTo the last chunk to search
   * @param onDamage called if records cannot be decoded
   */
  constructor(
    partition: PartitionReader,
    { plan, order, upTo }: { readonly plan: Plan; readonly order: Order; readonly upTo: number },
    onDamage: (why: string) => void,
  ) {
    this.#onDamage = onDamage;
    this.#partition = partition;
    this.#plan = plan;
    this.#order = order;
    this.#upTo = upTo;
  }

  /**
   * Matching records in pages, each in the requested order. A page may be empty, so that the caller can check
   * the time.
   */
  *pages(): Generator<readonly LogGroup[]> {
    const { match } = this.#plan;
    if (match === undefined) yield* this.#scanned();
    else yield* this.#found(match);
  }

  *#found(match: string): Generator<readonly LogGroup[]> {
    for (const page of this.#partition.hits(this.#order, match, this.#upTo)) {
      for (let at = 0; at < page.length; at += HITS_TOGETHER) {
        const some = page.slice(at, at + HITS_TOGETHER);
        yield some.flatMap((hits) => this.#fitting(this.#readable(() => this.#hit(hits))));
      }
    }
  }

  *#scanned(): Generator<readonly LogGroup[]> {
    const { minSeverity, from, to } = this.#plan;
    const bounds = {
      minSeverity,
      from: from === undefined ? 0 : Number(from / NANOS_PER_MILLI),
      to: to === undefined ? Number.MAX_SAFE_INTEGER : Number(to / NANOS_PER_MILLI),
    };
    for (const page of this.#partition.chunks(this.#order, bounds, this.#upTo)) {
      const places = page.filter((place) => this.#mayBeIn(place));
      for (const together of stretches(places)) {
        const records = this.#partition.records(together.map(({ id }) => id));
        for (const ofOne of neighbours(together)) {
          yield this.#fitting(this.#readable(() => this.#chunks(ofOne, records)));
        }
      }
      if (places.length === 0) yield [];
    }
  }

  /** Skips records that cannot be decoded: the records around them are worth more than an error. */
  #readable(read: () => readonly LogGroup[]): readonly LogGroup[] {
    try {
      return read();
    } catch (error) {
      if (!isWireError(error)) throw error;
      this.#onDamage(errorText(error));
      return [];
    }
  }

  #mayBeIn(place: ChunkPlace): boolean {
    try {
      return this.#head(place).mayFit;
    } catch (error) {
      if (!isWireError(error)) throw error;
      this.#onDamage(errorText(error));
      return false;
    }
  }

  /** Decodes the records of the hits only, in the requested order. */
  #hit({ chunk: id, places }: Hits): readonly LogGroup[] {
    const chunk = this.#partition.chunk(id);
    if (chunk === undefined) return [];
    const head = this.#head(chunk);
    if (!head.mayFit) return [];
    const wanted = new Set(places);
    const fields: Uint8Array[] = [];
    let place = 0;
    for (const field of recordFields(chunk.records)) {
      if (wanted.has(place)) fields.push(field);
      place += 1;
    }
    return this.#ordered([...logGroups(runRequest(head, fields))]);
  }

  #chunks(places: readonly ChunkPlace[], records: ReadonlyMap<number, Uint8Array>): readonly LogGroup[] {
    const read = places.map(({ id }) => records.get(id) ?? new Uint8Array());
    if (this.#order === 'newest') read.reverse();
    const head = this.#head(places[0]!);
    const { needed } = this.#plan;
    const chosen = needed === undefined ? read : this.#chosen(head, read, needed);
    return chosen.length === 0 ? [] : this.#ordered([...logGroups(runRequest(head, chosen))]);
  }

  /** Selects the fields of matching records. Of all records, decodes only the fields that decide. */
  #chosen(head: RunHead, read: readonly Uint8Array[], needed: NeededFields): readonly Uint8Array[] {
    const reduced = read.map((records) => reducedRecords(records, needed));
    if (reduced.every(({ places }) => places.length === 0)) return [];
    const fits: boolean[] = [];
    const bytes = reduced.map((each) => each.bytes);
    for (const { records, scope, resource } of logGroups(runRequest(head, bytes))) {
      for (const record of records) fits.push(this.#fits(record, scope, resource));
    }
    let at = 0;
    return read.flatMap((records, index) => {
      const places = new Set(reduced[index]!.places.filter(() => fits[at++] === true));
      if (places.size === 0) return [];
      return [...recordFields(records)].filter((_field, place) => places.has(place));
    });
  }

  /** Chunks are decoded as they were written: the oldest record first. */
  #ordered(groups: readonly LogGroup[]): readonly LogGroup[] {
    if (this.#order === 'oldest') return groups;
    return groups.map((group) => ({ ...group, records: group.records.toReversed() })).toReversed();
  }

  #fitting(groups: readonly LogGroup[]): readonly LogGroup[] {
    const { trace } = this.#plan;
    return groups.flatMap(({ resource, scope, records }) => {
      const fitting = records.filter(
        (record) => (trace === undefined || record.traceId === trace) && this.#fits(record, scope, resource),
      );
      return fitting.length === 0 ? [] : [{ resource, scope, records: fitting }];
    });
  }

  /** Checks the time range and the condition. */
  #fits(record: DecodedLogRecord, scope: LogScope, resource: LogResource): boolean {
    const { condition, from, to } = this.#plan;
    if (from !== undefined || to !== undefined) {
      const time = record.timeUnixNano || record.observedTimeUnixNano;
      if (from !== undefined && time < from) return false;
      if (to !== undefined && time >= to) return false;
    }
    return condition === undefined || condition.test(record, scope, resource) === true;
  }

  #head({ resource, scope }: Pick<ChunkPlace, 'resource' | 'scope'>): RunHead & { readonly mayFit: boolean } {
    const key = `${resource} ${scope}`;
    const known = this.#heads.get(key);
    if (known !== undefined) return known;
    const bytes = { resource: this.#partition.resource(resource), scope: this.#partition.scope(scope) };
    const head = { ...bytes, mayFit: this.#mayFit(bytes) };
    // Bounded: resources that are generated from data must not fill the memory.
    if (this.#heads.size >= 1_024) this.#heads.clear();
    this.#heads.set(key, head);
    return head;
  }

  #mayFit(head: RunHead): boolean {
    const test = this.#plan.head;
    if (test === undefined) return true;
    const [resource] = decodeLogs(runRequest(head, [])).resources;
    const scope = resource?.scopes[0];
    return resource === undefined || scope === undefined || test(EMPTY_RECORD, scope, resource) === true;
  }
}

/** Splits places into batches that are read at once. */
function stretches(places: readonly ChunkPlace[]): readonly (readonly ChunkPlace[])[] {
  return cut(places, (open) => open.length < CHUNKS_AT_ONCE);
}

/** Splits places into runs of one resource and scope. */
function neighbours(places: readonly ChunkPlace[]): readonly (readonly ChunkPlace[])[] {
  return cut(places, (open, { resource, scope }) => {
    const last = open.at(-1)!;
    return last.resource === resource && last.scope === scope;
  });
}

function cut<T>(
  all: readonly T[],
  joins: (open: readonly T[], next: T) => boolean,
): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (const each of all) {
    const open = parts.at(-1);
    if (open !== undefined && joins(open, each)) open.push(each);
    else parts.push([each]);
  }
  return parts;
}
