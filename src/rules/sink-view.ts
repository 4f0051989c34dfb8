import type { EntryView, JournalEntry, ViewedEntries } from '../component/index.ts';
import { isWireError, keepRecords } from '../otlp/index.ts';
import type { Classified, Classifier } from './classifier.ts';
import { KeyLimit } from './key-limit.ts';
import { type RecordChange, redactEntry } from './redact-entry.ts';
import type { Redaction } from './redaction.ts';
import type { Rule } from './rule.ts';

/** Whether all matching rules apply, or only the first. */
export type Matching = 'all' | 'first';

/** A rule that applies to this sink. */
interface OwnRule {
  /** Its index among all rules. */
  readonly at: number;
  readonly rule: Rule;
  readonly limit: KeyLimit | undefined;
}

/** The result for one entry, before it is added to the totals. */
interface Outcome {
  readonly entry: JournalEntry | undefined;
  readonly filtered: ReadonlyMap<string, number>;
  readonly redacted: ReadonlyMap<string, number>;
}

/** The decision of the rules on the records of an entry. */
interface Decision {
  readonly changes: readonly RecordChange[];
  readonly filtered: ReadonlyMap<string, number>;
  readonly kept: number;
  readonly redacts: boolean;
}

const NO_REDACTION: readonly Redaction[] = [];

/**
 * Applies rules to the journal's entries for one sink. Conditions are evaluated once for all sinks; limits
 * are counted per sink, since each sink reads the journal at its own position.
 *
 * An entry that the rules do not change is passed on unchanged. If records are filtered out, the others are
 * copied as bytes. Only a redaction decodes and encodes records.
 */
export class SinkView implements EntryView {
  readonly #classifier: Classifier;
  readonly #ruleCount: number;
  readonly #rules: readonly OwnRule[];
  /** Rules that route records to this sink by name. Empty: the sink receives every record. */
  readonly #routes: readonly OwnRule[];
  readonly #matching: Matching;
  readonly #redactions = new Map<string, readonly Redaction[]>();
  /**
   * The results of the last call, so that a repeated call does not count the same records against limits
   * twice.
   */
  #lastCall = new Map<number, Outcome>();
  /** The decision on an entry for which the last call was aborted, for the same reason. */
  #aborted: { readonly index: number; readonly decision: Decision } | undefined;

  constructor(sink: string, rules: readonly Rule[], matching: Matching, classifier: Classifier) {
    this.#classifier = classifier;
    this.#ruleCount = rules.length;
    this.#rules = rules.flatMap((rule, at) => {
      const { sinks, limit } = rule;
      if (sinks?.has(sink) === false) return [];
      return [{ at, rule, limit: limit && new KeyLimit(limit.records, limit.perMillis) }];
    });
    this.#routes = this.#rules.filter(({ rule }) => rule.sinks !== undefined && !rule.drop);
    this.#matching = matching;
  }

  /** Whether any rule applies to this sink. */
  get hasRules(): boolean {
    return this.#rules.length > 0;
  }

  async view(
    entries: readonly JournalEntry[],
    signal: AbortSignal,
    isReplay: boolean,
  ): Promise<ViewedEntries> {
    const viewed: JournalEntry[] = [];
    const filtered = new Map<string, number>();
    const redacted = new Map<string, number>();
    const outcomes = new Map<number, Outcome>();
    for (const entry of entries) {
      const known = isReplay ? undefined : this.#lastCall.get(entry.index);
      const outcome = known ?? (await this.#outcome(entry, signal, isReplay));
      outcomes.set(entry.index, outcome);
      // In case the call is aborted.
      if (!isReplay) this.#lastCall.set(entry.index, outcome);
      if (outcome.entry !== undefined) viewed.push(outcome.entry);
      addAll(filtered, outcome.filtered);
      addAll(redacted, outcome.redacted);
    }
    if (!isReplay) this.#lastCall = outcomes;
    return {
      entries: viewed,
      filtered: Object.fromEntries(filtered),
      redacted: Object.fromEntries(redacted),
    };
  }

  async #outcome(entry: JournalEntry, signal: AbortSignal, isReplay: boolean): Promise<Outcome> {
    try {
      const found = isReplay
        ? await this.#classifier.classifyUncached(entry)
        : this.#classifier.classify(entry);
      const classified = found instanceof Promise ? await found : found;
      return await this.#apply(entry, classified, signal, isReplay);
    } catch (error) {
      if (!isWireError(error)) throw error;
      // It was validated when it was received, so this is corruption; records that cannot be read cannot be
      // redacted.
      return { entry: undefined, filtered: new Map([['malformed', entry.records]]), redacted: new Map() };
    }
  }

  async #apply(
    entry: JournalEntry,
    classified: Classified,
    signal: AbortSignal,
    isReplay: boolean,
  ): Promise<Outcome> {
    const decision =
      !isReplay && this.#aborted?.index === entry.index
        ? this.#aborted.decision
        : this.#decisionOn(entry, classified, isReplay);
    if (!isReplay) this.#aborted = { index: entry.index, decision };
    const outcome = await outcomeOf(entry, decision, signal, (counts, which) =>
      this.#countRedacted(counts, which),
    );
    if (!isReplay) this.#aborted = undefined;
    return outcome;
  }

  #decisionOn(entry: JournalEntry, classified: Classified, isReplay: boolean): Decision {
    const filtered = new Map<string, number>();
    const changes: RecordChange[] = [];
    let kept = 0;
    let redacts = false;
    for (let ordinal = 0; ordinal < entry.records; ordinal += 1) {
      const change = this.#decide(entry, classified, ordinal, isReplay);
      if (typeof change === 'string') {
        add(filtered, change, 1);
        changes.push(undefined);
        continue;
      }
      kept += 1;
      redacts ||= change.length > 0;
      changes.push(change);
    }
    return { changes, filtered, kept, redacts };
  }

  /** @returns the reason why the sink does not receive the record, or its redactions */
  #decide(
    { receivedMillis }: JournalEntry,
    { matches, positions, keys }: Classified,
    ordinal: number,
    isReplay: boolean,
  ): string | readonly Redaction[] {
    const row = ordinal * this.#ruleCount;
    if (this.#routes.length > 0 && !this.#isRouted(matches, row)) return 'not_routed';
    let redactions = '';
    for (const { at, rule, limit } of this.#rules) {
      if (matches[row + at] !== 1) continue;
      if (rule.drop) return rule.name;
      if (!isReplay) {
        if (rule.sample !== undefined && positions[ordinal]! < 1 - rule.sample) return rule.name;
        if (limit?.take(keys.get(at)?.[ordinal] ?? '', receivedMillis) === false) return rule.name;
      }
      if (rule.redaction !== undefined) redactions += `${at},`;
      if (this.#matching === 'first') break;
    }
    return redactions === '' ? NO_REDACTION : this.#redactionsOf(redactions);
  }

  #isRouted(matches: Uint8Array, row: number): boolean {
    if (this.#matching === 'all') return this.#routes.some(({ at }) => matches[row + at] === 1);
    const first = this.#rules.find(({ at }) => matches[row + at] === 1);
    return first !== undefined && (this.#routes.includes(first) || first.rule.drop);
  }

  /** Returns the same object for equal lists. */
  #redactionsOf(which: string): readonly Redaction[] {
    const known = this.#redactions.get(which);
    if (known !== undefined) return known;
    const indexes = new Set(which.split(','));
    const list = this.#rules.flatMap(({ at, rule }) => (indexes.has(String(at)) ? [rule.redaction!] : []));
    this.#redactions.set(which, list);
    return list;
  }

  #countRedacted(counts: Map<string, number>, redactions: readonly Redaction[]): void {
    for (const { rule } of this.#rules) {
      if (rule.redaction !== undefined && redactions.includes(rule.redaction)) add(counts, rule.name, 1);
    }
  }
}

async function outcomeOf(
  entry: JournalEntry,
  { changes, filtered, kept, redacts }: Decision,
  signal: AbortSignal,
  count: (counts: Map<string, number>, redactions: readonly Redaction[]) => void,
): Promise<Outcome> {
  const redacted = new Map<string, number>();
  if (kept === 0) return { entry: undefined, filtered, redacted };
  if (redacts) {
    let changed = 0;
    const body = await redactEntry(
      entry.body,
      (ordinal) => changes[ordinal],
      (ordinal) => {
        changed += 1;
        count(redacted, changes[ordinal]!);
      },
      signal,
    );
    if (changed > 0) return { entry: { ...entry, body, records: kept }, filtered, redacted };
  }
  if (kept === entry.records) return { entry, filtered, redacted };
  const piece = keepRecords(entry.body, (ordinal) => changes[ordinal] !== undefined);
  return { entry: { ...entry, ...piece }, filtered, redacted };
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function addAll(counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, count] of more) add(counts, name, count);
}
