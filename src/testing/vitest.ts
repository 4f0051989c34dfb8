// @ts-expect-error vitest is an optional peer that users of this module have installed.
import * as vitest from 'vitest';
import { TestRecords } from './test-records.ts';

/** The parts of a vitest test context that are used here. */
interface VitestContext {
  readonly task: {
    readonly result?: { readonly state: string; readonly errors?: unknown[] | undefined } | undefined;
  };
}

interface Vitest {
  /** Available since vitest 4.1. */
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

/** Installed when this module is loaded. */
export const { loggerProvider } = install();
