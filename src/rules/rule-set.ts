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
}
