// Worker threads: `--import burstlog/register` holds for each of them too, so each has buffers and an
// exporter of its own. The traceparent is passed to the worker, so that both threads share a trace.
//
//   npm install burstlog @opentelemetry/api @opentelemetry/sdk-logs @opentelemetry/auto-instrumentations-node
//   node --import burstlog/register workers.js
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { importTask, task } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

const log = pino(withBurstlog({ level: 'info' }));

/** Runs a job in a worker thread. */
function resize(width) {
  return task('make thumbnail', { width }, async (job) => {
    log.debug('worker started');
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { width, traceparent: job.foreignTask() },
    });
    const [answer] = await once(worker, 'message');
    await once(worker, 'exit');
    if (answer.error !== undefined) throw new Error(answer.error);
    log.info('thumbnail made');
  });
}

/** Runs in the worker, which replies and ends. Its last records are exported at its end. */
async function work({ width, traceparent }) {
  try {
    await importTask(traceparent, 'resize', { width }, async () => {
      log.debug('picture loaded');
      if (!(width > 0)) throw new RangeError('width must be above 0');
    });
    parentPort.postMessage({});
  } catch (error) {
    parentPort.postMessage({ error: error.message });
  }
}

if (isMainThread) await Promise.allSettled([resize(200), resize(-1)]);
else await work(workerData);
