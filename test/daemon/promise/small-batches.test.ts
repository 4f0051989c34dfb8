import { readFileSync } from 'node:fs';
import { ZmqLogRecordExporter } from '../../../src/zeromq/index.ts';
import { record } from '../../zeromq/support/exporting.ts';
import { PromiseTest } from './support/promise-test.ts';

/** 100,000 of them, as many small services make in some hours, take a few minutes: `SMALL_BATCHES=100000`. */
const BATCHES = Number(process.env.SMALL_BATCHES ?? 15_000);
const CONNECTIONS = 20;
/** Idle it uses about 80. Its cache of the newest batches is limited to 32 MiB, including overhead. */
const MOST_MEBIBYTES = BATCHES > 50_000 ? 300 : 190;

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

/** One batch after the other, each acknowledged. */
function exportAll(exporter: ZmqLogRecordExporter, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count;
    const next = () => {
      if (left === 0) return resolve();
      left -= 1;
      exporter.export([record('x'.repeat(100)), record('y'.repeat(60))], ({ code, error }) => {
        if (code === 0) next();
        else reject(error ?? new Error('an export failed'));
      });
    };
    for (let at = 0; at < 4; at++) next();
  });
}

test('many small batches are held by their bytes, not by the buffers in which they came', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const exporters = Array.from(
    { length: CONNECTIONS },
    () => new ZmqLogRecordExporter({ endpoint: daemon.endpoints.zmqAck! }),
  );
  await Promise.all(exporters.map((exporter) => exportAll(exporter, BATCHES / CONNECTIONS)));
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1];
  expect(Number(resident) / 1024).toBeLessThan(MOST_MEBIBYTES);
  await Promise.all(exporters.map((exporter) => exporter.shutdown()));
}, 600_000);
