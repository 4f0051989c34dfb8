import type { EntryView } from '../component/index.ts';
import type { Patterns } from '../ottl/index.ts';
import { Classifier } from './classifier.ts';
import type { RuleOptions } from './options.ts';
import { compileRule, type Rule } from './rule.ts';
import { type Matching, SinkView } from './sink-view.ts';

/** What the configuration says about rules. */
export interface RuleSetOptions {
  /** By name, in their order. */
  readonly rules: Readonly<Record<string, RuleOptions>>;
  readonly match: Matching;
}

/** The rules of a configuration, ready to be applied. */
export class RuleSet {
  readonly #rules: readonly Rule[];
  readonly #matching: Matching;
  readonly #classifier: Classifier;

  /** @throws ConditionError or Error for what `ruleOptions` does not accept */
  constructor({ rules, match }: RuleSetOptions, patterns: Patterns | undefined) {
    this.#rules = Object.entries(rules).map(([name, options]) => compileRule(name, options, patterns));
    this.#matching = match;
    this.#classifier = new Classifier(this.#rules);
  }

  /**
   * What a sink gets by these rules. A view has the limits of the sink, so there is one for each.
   * @returns undefined: every record, as it is
   */
  viewOf(sink: string): EntryView | undefined {
    const view = new SinkView(sink, this.#rules, this.#matching, this.#classifier);
    return view.hasRules ? view : undefined;
  }

  /**
   * What people see who watch the records as they come: all of them, with all redactions, whatever their sinks and the
   * rules before them.
   * @returns undefined: every record, as it is
   */
  viewForPeople(): EntryView | undefined {
    const all = { sinks: undefined, drop: false, sample: undefined, limit: undefined } as const;
    const rules = this.#rules.filter(({ redaction }) => redaction !== undefined);
    if (rules.length === 0) return undefined;
    const redactions = rules.map((rule) => ({ ...rule, ...all }));
    return new SinkView('', redactions, 'all', new Classifier(redactions));
  }
}
