// @ts-expect-error vitest is an optional peer: who loads this has it.
import * as vitest from 'vitest';
import { TestRecords } from './test-records.ts';

/** The context of a test of vitest, as far as it is looked at. */
interface VitestContext {
  readonly task: {
    readonly result?: { readonly state: string; readonly errors?: unknown[] | undefined } | undefined;
  };
}

interface Vitest {
  /** From vitest 4.1 on. */
  readonly aroundEach?:
    | ((around: (runTest: () => Promise<void>, context: VitestContext) => Promise<void>) => void)
    | undefined;
}

/**
 * Adds the log records of a failed test to its errors.
 * @throws Error before vitest 4.1
 */
function install(): TestRecords {
  const { aroundEach } = vitest as Vitest;
  if (aroundEach === undefined) throw new Error('burstlog/testing/vitest needs vitest 4.1 or later');
  const records = new TestRecords();
  aroundEach(async (runTest, { task }) => {
    records.begin(task);
    try {
      await records.run(task, runTest);
    } finally {
      const text = records.end(task);
      const { result } = task;
      if (text !== '' && result?.state === 'fail')
        result.errors?.push({ name: 'Logs', message: text, stack: '' });
    }
  });
  return records;
}

/** What loading this installed. */
export const { loggerProvider } = install();
