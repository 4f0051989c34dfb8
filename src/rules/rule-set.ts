import type { EntryView } from '../component/index.ts';
import type { Patterns } from '../ottl/index.ts';
import { Classifier } from './classifier.ts';
import type { RuleOptions } from './options.ts';
import { compileRule, type Rule } from './rule.ts';
import { type Matching, SinkView } from './sink-view.ts';

/** The rules of a configuration. */
export interface RuleSetOptions {
  /** By name, in order. */
  readonly rules: Readonly<Record<string, RuleOptions>>;
  readonly match: Matching;
}

/** The compiled rules of a configuration. */
export class RuleSet {
  readonly #rules: readonly Rule[];
  readonly #matching: Matching;
  readonly #classifier: Classifier;

  /** @throws ConditionError or Error for options that `ruleOptions` rejects */
  constructor({ rules, match }: RuleSetOptions, patterns: Patterns | undefined) {
    this.#rules = Object.entries(rules).map(([name, options]) => compileRule(name, options, patterns));
    this.#matching = match;
    this.#classifier = new Classifier(this.#rules);
  }

  /**
   * The entries as a sink receives them. A view has the sink's limits, so each sink needs its own.
   * @returns undefined if the sink receives every record unchanged
   */
  viewOf(sink: string): EntryView | undefined {
    const view = new SinkView(sink, this.#rules, this.#matching, this.#classifier);
    return view.hasRules ? view : undefined;
  }

  /**
   * The entries as live viewers receive them: all records, with all redactions, regardless of sinks and other
   * rules.
   * @returns undefined if viewers receive every record unchanged
   */
  liveView(): EntryView | undefined {
    const all = { sinks: undefined, drop: false, sample: undefined, limit: undefined } as const;
    const rules = this.#rules.filter(({ redaction }) => redaction !== undefined);
    if (rules.length === 0) return undefined;
    const redactions = rules.map((rule) => ({ ...rule, ...all }));
    return new SinkView('', redactions, 'all', new Classifier(redactions));
  }
}
