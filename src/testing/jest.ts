import { TestRecords } from './test-records.ts';

/** The parts of a jest-circus test that are used here. */
interface CircusTest {
  readonly type: 'test';
  readonly errors: unknown[];
  fn?: ((...args: unknown[]) => unknown) | null | undefined;
}

interface CircusBlock {
  readonly type: 'describeBlock';
  readonly children: readonly (CircusTest | CircusBlock)[];
}

/** Source: https://github.com/jestjs/jest/blob/main/packages/jest-types/src/Circus.ts */
interface CircusEvent {
  readonly name: string;
  readonly test?: CircusTest | undefined;
}

type CircusHandler = (event: CircusEvent, state: { readonly rootDescribeBlock: CircusBlock }) => void;

/** The key of the event handlers of jest-circus, since jest 30. */
const HANDLERS = Symbol.for('EVENT_HANDLERS');

/**
 * Adds the log records of a failed test to its errors.
 * @throws Error outside a test file of jest 30 or later
 */
function install(): TestRecords {
  const handlers = (globalThis as { [HANDLERS]?: CircusHandler[] })[HANDLERS];
  if (handlers === undefined) {
    throw new Error('burstlog/testing/jest needs jest 30 or later, in its option setupFilesAfterEnv');
  }
  const records = new TestRecords();
  handlers.push(({ name, test }, { rootDescribeBlock }) => {
    if (name === 'run_start') enter(rootDescribeBlock, records);
    if (test === undefined) return;
    if (name === 'test_start') records.begin(test);
    if (name === 'test_skip' || name === 'test_todo') records.end(test);
    if (name !== 'test_done') return;
    const text = records.end(test);
    if (text !== '' && test.errors.length > 0) test.errors.push([{ message: text, stack: text }, undefined]);
  });
  return records;
}

/** Runs every test of a block in its own async context. */
function enter({ children }: CircusBlock, records: TestRecords): void {
  for (const child of children) {
    if (child.type === 'describeBlock') enter(child, records);
    else if (typeof child.fn === 'function') child.fn = entered(child, child.fn, records);
  }
}

function entered(test: CircusTest, fn: (...args: unknown[]) => unknown, records: TestRecords) {
  // jest checks the kind of the function and the number of its parameters.
  if (fn.constructor.name === 'GeneratorFunction') return fn;
  const inside = function (this: unknown, ...args: unknown[]) {
    return records.run(test, () => Reflect.apply(fn, this, args));
  };
  return Object.defineProperty(inside, 'length', { value: fn.length });
}

/** Installed when this module is loaded. */
export const { loggerProvider } = install();
