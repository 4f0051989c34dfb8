import { AsyncResource } from 'node:async_hooks';
import { afterEach, type TestContext } from 'node:test';
import { TestRecords } from './test-records.ts';

/** A TestContext of Node.js 20.12 or later. */
type EndedTest = TestContext & { readonly passed?: boolean | undefined };

/** The arguments of `runInAsyncScope()`. */
type ScopeCall = [fn: (...args: unknown[]) => unknown, thisArg?: unknown, ...args: unknown[]];

/**
 * Adds the log records of a failed test to its diagnostics. node:test has no hook around a test. It runs each
 * test in an AsyncResource, and calls the test and its hooks with the TestContext as `this`.
 */
function install(): TestRecords {
  const records = new TestRecords();
  const { runInAsyncScope } = AsyncResource.prototype;
  AsyncResource.prototype.runInAsyncScope = function runInTest(this: AsyncResource, ...call: ScopeCall) {
    const [fn, thisArg, ...args] = call;
    if (!isTestContext(thisArg)) return Reflect.apply(runInAsyncScope, this, call);
    const inside = (...all: unknown[]) => records.run(thisArg, () => Reflect.apply(fn, thisArg, all));
    return Reflect.apply(runInAsyncScope, this, [inside, thisArg, ...args]);
  } as typeof runInAsyncScope;
  afterEach((context) => {
    const test = context as EndedTest;
    const text = records.end(test);
    if (text === '' || test.passed !== false) return;
    // One diagnostic per line, because TAP would escape line ends.
    for (const line of text.split('\n')) test.diagnostic(line);
  });
  return records;
}

function isTestContext(value: unknown): value is TestContext {
  return typeof value === 'object' && value?.constructor?.name === 'TestContext';
}

/** Installed when this module is loaded. */
export const { loggerProvider } = install();
