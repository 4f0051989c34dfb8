// Where the logs go: a real OpenTelemetry Collector if this machine has one, else a small OTLP receiver.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findCollector } from '../../scripts/collector.js';
import { readCollectorFile } from '../../test/support/collector-json.js';
import { startCollector } from '../../test/support/collector-process.js';
import { startOtlpReceiver } from '../../test/support/otlp-receiver.js';
import { jsonLine } from './otlp-json.js';

/**
 * @typedef {object} ReceivingEnd
 * @property {string} name what it is, for people
 * @property {string} [reason] why it is not a Collector
 * @property {string} url where it takes OTLP/gRPC
 * @property {() => Promise<Received>} stop ends it, and gives what has arrived
 *
 * @typedef {object} Received
 * @property {import('../../test/support/otlp-decode.js').DecodedRecord[]} records
 * @property {string[]} files the same records as lines of OTLP/JSON
 * @property {() => unknown} cleanUp removes the files
 */

/** @returns {Promise<ReceivingEnd>} */
export async function startReceivingEnd() {
  const found = findCollector();
  if (found.path === undefined) return startReceiver(found.reason);
  try {
    return await startRealCollector(found.path);
  } catch (error) {
    const said = error.message.replace(/^.* said:/s, '').trim();
    return startReceiver(`${found.path} did not start: ${said.split('\n').at(-1) || 'it said nothing'}`);
  }
}

/** Its configuration writes errors and bursts to one file, and all else to another. */
async function startRealCollector(path) {
  const config = fileURLToPath(new URL('../../collector-config/collector.yaml', import.meta.url));
  const collector = await startCollector({ config, startMillis: 5_000 });
  return {
    name: `OpenTelemetry Collector (${basename(path)})`,
    url: `http://127.0.0.1:${collector.grpcPort}`,
    async stop() {
      await collector.stop();
      const files = [collector.burstsFile, collector.restFile];
      return { records: files.flatMap(readCollectorFile), files, cleanUp: () => collector.cleanUp() };
    },
  };
}

async function startReceiver(reason) {
  const receiver = await startOtlpReceiver();
  return {
    name: 'a small OTLP receiver stands in for it',
    reason,
    url: receiver.url,
    async stop() {
      await receiver.stop();
      const folder = mkdtempSync(join(tmpdir(), 'burstlog-start-'));
      const file = join(folder, 'records.jsonl');
      writeFileSync(file, receiver.records.map(jsonLine).join(''));
      return { records: receiver.records, files: [file], cleanUp: () => rmSync(folder, { recursive: true }) };
    },
  };
}
