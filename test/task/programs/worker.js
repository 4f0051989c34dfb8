// A worker thread: continues the task that came with its start, and those that come by message.
import { parentPort, workerData } from 'node:worker_threads';
import { importTask } from '../../../dist/esm/index.js';
import { logger, records } from './recorder.js';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
importTask(workerData.traceparent, 'begin', () => logger.emit({ severityNumber: 9, body: 'in begin' }));
port.on('message', (message) => {
  importTask(message.carrier, `work ${message.n}`, () => logger.emit({ severityNumber: 9, body: 'in work' }));
  if (message.last) {
    port.postMessage(records('worker'));
    port.close();
  }
});
