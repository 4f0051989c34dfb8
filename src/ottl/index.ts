export { type Condition, compileCondition, compileValue, type ReadText, type Test } from './condition.ts';
export { ConditionError } from './condition-error.ts';
export type { ResourceView, ScopeView } from './paths.ts';
export { loadPatterns, type Pattern, type Patterns, WITHOUT_PATTERNS } from './patterns.ts';
export { type Requirements, requirementsOf } from './requirements.ts';
