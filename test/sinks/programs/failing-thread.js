// In place of the thread that makes lines: it fails at its first order, in the way that its number says.
import { parentPort, workerData } from 'node:worker_threads';

parentPort?.on('message', () => {
  if (workerData === 'otlpJson') throw new Error('out of order');
  process.exit(3);
});
