// An application with worker threads that log through the exporter, each ended while it logs. Prints a line
// when all have ended, which shows that the process still runs. Arguments: endpoint, mode, ending, then a
// delay for each thread.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { ZmqLogRecordExporter } from '../../../dist/esm/zeromq.js';

if (isMainThread) await startThreads();
else logAndEnd();

async function startThreads() {
  const [endpoint, mode, ending, ...delays] = process.argv.slice(2);
  const ends = delays.map(async (delay) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { endpoint, mode, ending, delayMillis: Number(delay) },
      stderr: true,
    });
    worker.on('error', () => {});
    const ended = new Promise((resolve) => worker.on('exit', resolve));
    // A thread may end before its message has arrived.
    await Promise.race([new Promise((resolve) => worker.on('message', resolve)), ended]);
    if (ending === 'terminate') {
      await new Promise((resolve) => setTimeout(resolve, Number(delay)));
      await worker.terminate();
    }
    await ended;
  });
  await Promise.all(ends);
  process.stdout.write('the process goes on\n');
}

function logAndEnd() {
  const { endpoint, mode, ending, delayMillis } = workerData;
  const exporter = new ZmqLogRecordExporter({ endpoint, mode });
  const { maxConcurrentExports = 1 } = exporter;
  let isAlive = false;
  const exportAgain = () => {
    if (exporter.stats().pendingBytes > 100_000) return void setImmediate(exportAgain);
    exporter.export([record(), record()], () => {
      if (!isAlive && exporter.stats().exported > 0) {
        isAlive = true;
        parentPort?.postMessage('an export succeeded');
        if (ending === 'throw') setTimeout(() => fail(), delayMillis);
        if (ending === 'exit') setTimeout(() => process.exit(1), delayMillis);
      }
      // Busy for a while, then silent: a thread may end at either time.
      if (exporter.stats().received < 2_000) setImmediate(exportAgain);
    });
  };
  for (let at = 0; at < maxConcurrentExports; at++) exportAgain();
}

function fail() {
  throw new Error('the application fails');
}

/** @returns {any} */
function record() {
  return {
    hrTime: [1_700_000_000, 0],
    hrTimeObserved: [1_700_000_000, 0],
    body: 'x'.repeat(300),
    resource: { attributes: {} },
    instrumentationScope: { name: 'test' },
    attributes: {},
    droppedAttributesCount: 0,
  };
}
