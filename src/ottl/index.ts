export { type Condition, compileCondition, type Test } from './condition.ts';
export { ConditionError } from './condition-error.ts';
export type { ResourceView, ScopeView } from './paths.ts';
export { type Requirements, requirementsOf } from './requirements.ts';
