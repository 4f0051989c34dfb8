import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { registerLoggerProvider } from '../../src/record/index.ts';
import { importTask, TaskLogRecordProcessor, task, to } from '../../src/task/index.ts';
import { buildTrees, dataOf, findTasks, lines, pathOf, tasksOf, treeRecord } from '../../src/tree/index.ts';

test('records of real tasks give the tree of these tasks', async () => {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({
    processors: [new TaskLogRecordProcessor(), new SimpleLogRecordProcessor({ exporter })],
  });
  const unregister = registerLoggerProvider(provider);
  try {
    const running = task('checkout', { user: 'leo' }, async () => {
      await to('load cart', async () => undefined);
      let header: string | undefined;
      await to('charge %(amount)d', { amount: 42 }, async (job) => {
        header = job.foreignTask();
        job.success('charged %d', 42);
      });
      await importTask(header, 'reserve stock', async () => {
        await to('ask warehouse', async () => {
          provider.getLogger('any').emit({ severityNumber: 5, body: 'asking' });
          throw new TypeError('no answer');
        });
      });
    });
    await expect(running).rejects.toThrow('no answer');
  } finally {
    unregister();
  }
  const records = exporter.getFinishedLogRecords().map((record) => treeRecord(record));
  const grown = buildTrees(records.toReversed());
  expect(grown.traces).toHaveLength(1);
  expect([...tasksOf(grown)].map((each) => [pathOf(each).join(' › '), each.outcome])).toEqual([
    ['checkout', 'failed'],
    ['checkout › load cart', 'succeeded'],
    ['checkout › charge %(amount)d', 'succeeded'],
    ['checkout › charge %(amount)d › reserve stock', 'failed'],
    ['checkout › charge %(amount)d › reserve stock › ask warehouse', 'failed'],
  ]);
  expect(dataOf(findTasks(grown, 'charge %(amount)d')[0]!)).toMatchObject({ amount: 42 });
  const text = [...lines(grown)].join('\n');
  expect(text).toContain('cause: TypeError: no answer');
  expect(text.match(/✘ TypeError: no answer/g)).toHaveLength(1);
  expect(text).toMatch(/✔ charge 42 {2}.*amount=42/);
  expect(text).toContain('✔ charged 42');
  expect(text).toContain('DEBUG asking');
});
