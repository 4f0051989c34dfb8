export { type RuleOptions, ruleOptions } from './options.ts';
export { RuleSet, type RuleSetOptions } from './rule-set.ts';
export { type RuleTestOptions, ruleTestOptions } from './rule-test-options.ts';
export { type RuleTestResult, runRuleTests } from './rule-tests.ts';
export type { Matching } from './sink-view.ts';
export { unreachableRules } from './unreachable.ts';
