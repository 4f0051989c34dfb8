import { AssertionError } from 'node:assert';
import { Severity } from '../../src/record/severity.ts';
import { startTask } from '../../src/task/start-task.ts';
import { task, to } from '../../src/task/task-forms.ts';
import { type CapturedLogs, captureLogs } from '../../src/testing/index.ts';

let logs: CapturedLogs;
beforeEach(() => {
  logs = captureLogs();
});
afterEach(() => logs.end());

function messageOf(assertion: () => unknown): string {
  try {
    assertion();
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

async function checkout(cents: number): Promise<void> {
  await task('checkout', { cents }, async () => {
    await to('check stock', async () => {
      logs
        .logger('shop')
        .emit({ severityNumber: Severity.DEBUG, body: 'asks', attributes: { article: 'cup' } });
    });
    await to('charge card', async (step) => {
      if (cents > 100) throw new RangeError('over the limit');
      step.success('charged %d', cents);
    });
  });
}

describe('captured logs', () => {
  test('show tasks, their outcome, data, steps and records', async () => {
    await checkout(42);

    logs.allEnded();
    const order = logs.task('checkout').succeeded().withData({ cents: 42 });
    order.withSteps('check stock', 'charge card');
    order.withStep('charge card').succeeded('charged 42');
    logs.task(['checkout', 'check stock']).withRecord('asks', {
      severity: 'DEBUG',
      attributes: { article: 'cup' },
    });
  });

  test('describe a failure by type and message', async () => {
    await expect(checkout(101)).rejects.toThrow('over the limit');

    logs.task('checkout').failed();
    logs.task('charge card').failed('RangeError: over the limit').failed(/limit/g).failed(/limit/g);
  });

  test('list cancelled, abandoned and unfinished tasks', () => {
    task('print', (job) => job.cancel('not wanted'));
    startTask('scan')[Symbol.dispose]();
    startTask('fax');

    logs.task('print').cancelled('print cancelled: not wanted');
    logs.task('scan').abandoned();
    logs.task('fax').unfinished();
    expect(messageOf(() => logs.allEnded())).toContain('still open: fax');
  });

  test.each<[string, (order: ReturnType<CapturedLogs['task']>) => unknown]>([
    ['to be failed; it is "succeeded"', (order) => order.failed()],
    ['to be unfinished', (order) => order.unfinished()],
    ['to have the message "paid"; it is "checkout succeeded"', (order) => order.succeeded('paid')],
    ['to have this data', (order) => order.withData({ cents: 43 })],
    ['to have the step "pay"', (order) => order.withStep('pay')],
    ['to have these steps', (order) => order.withSteps('charge card', 'check stock')],
    ['to have the record "asks"', (order) => order.withRecord('asks')],
    [
      'to have the record /asks/',
      (order) => order.withStep('check stock').withRecord(/asks/, { severity: 'INFO' }),
    ],
    [
      'to have the record "asks"',
      (order) => order.withStep('check stock').withRecord('asks', { attributes: { article: 'pot' } }),
    ],
  ])('say what was expected (%s), and show the tree', async (said, assertion) => {
    await checkout(42);
    const message = messageOf(() => assertion(logs.task('checkout')));

    expect(message).toContain(said);
    expect(message).toContain('✔ checkout');
    expect(message).toContain('✔ charge card');
  });

  test('report a task that does not exist, or exists twice', async () => {
    await checkout(1);
    await checkout(2);

    expect(messageOf(() => logs.task('pay'))).toContain('expected one task pay, found none');
    expect(messageOf(() => logs.task(['checkout', 'charge card']))).toContain('found 2');
    expect(logs.tasks('checkout')).toHaveLength(2);
    logs.clear();
    expect(messageOf(() => logs.task('pay'))).toContain('(no records were captured)');
  });

  test('replace a provider, and restore it', () => {
    const inner = captureLogs();
    task('inner', () => {});
    inner.end();
    inner.end();
    task('outer', () => {});

    expect(inner.tree()).toContain('inner');
    expect(inner.tree()).not.toContain('outer');
    logs.task('outer').succeeded();
    expect(logs.tasks('inner')).toEqual([]);
  });

  test('with a burst, show only what leaves it', async () => {
    const bursting = captureLogs({ burst: { emitLevel: 'WARN' } });
    try {
      await checkout(42);
      await bursting.flush();
      expect(bursting.records).toEqual([]);
      await expect(checkout(101)).rejects.toThrow();
      await bursting.flush();
      bursting.task('charge card').failed();
    } finally {
      bursting.end();
    }
  });

  test('refuse options they do not know', () => {
    expect(() => captureLogs({ bust: true } as never)).toThrow(
      'captureLogs has no option "bust"; did you mean burst?',
    );
  });
});
