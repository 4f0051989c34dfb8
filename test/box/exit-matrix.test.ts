import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recoverBoxes } from '../../src/box/index.ts';
import { ZmqAckReceiver, zmqAckOptions } from '../../src/receivers/zeromq/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { decodeLogsRequest } from '../support/otlp-decode.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { MemoryIntake } from '../zeromq/support/memory-intake.ts';

/** Where a program exports to, and how many records came. */
interface Destination {
  readonly url: string;
  readonly count: () => number;
  readonly stop: () => Promise<unknown>;
}

const destinations: Record<string, () => Promise<Destination>> = {
  grpc: async () => {
    const receiver = await startOtlpReceiver();
    return { url: receiver.url, count: () => receiver.records.length, stop: () => receiver.stop() };
  },
  http: async () => {
    let records = 0;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => {
        records += JSON.parse(Buffer.concat(parts).toString()).resourceLogs.flatMap(
          ({ scopeLogs }: { scopeLogs: { logRecords: unknown[] }[] }) =>
            scopeLogs.flatMap(({ logRecords }) => logRecords),
        ).length;
        response.end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const stop = () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    };
    return { url, count: () => records, stop };
  },
  zeromq: async () => {
    const intake = new MemoryIntake();
    const options = resolve(zmqAckOptions, 'zmqAck', { endpoint: 'tcp://127.0.0.1:0' });
    const receiver = new ZmqAckReceiver(options, { intake });
    await receiver.start();
    const count = () =>
      intake.batches.reduce((sum, { body }) => sum + decodeLogsRequest(Buffer.from(body)).length, 0);
    return { url: receiver.endpoint, count, stop: () => receiver.stop(0) };
  },
};

interface Cell {
  /** Exit code or signal. */
  readonly end: number | string;
  /** Records that were exported before the end. */
  readonly exported: number;
  /** Records that were in the black box after it, its manifest not counted. */
  readonly inBox: number;
}

/** docs/black-box.md has this table in words. */
const matrix: Record<string, Cell> = {
  'natural end': { end: 0, exported: 1, inBox: 0 },
  SIGTERM: { end: 'SIGTERM', exported: 1, inBox: 0 },
  SIGINT: { end: 'SIGINT', exported: 1, inBox: 0 },
  // The loud one, ten that were held, the FATAL of the exception, the manifest.
  exception: { end: 1, exported: 13, inBox: 0 },
  rejection: { end: 1, exported: 13, inBox: 0 },
  'exit(0)': { end: 0, exported: 0, inBox: 1 },
  'exit(1)': { end: 1, exported: 0, inBox: 11 },
  SIGKILL: { end: 'SIGKILL', exported: 0, inBox: 11 },
  SIGSEGV: { end: 'SIGSEGV', exported: 0, inBox: 11 },
  SIGABRT: { end: 'SIGABRT', exported: 0, inBox: 11 },
};

/** Runs the program in a worker thread, and ends with the worker's exit code. */
const inWorker = `
const { Worker } = require('node:worker_threads');
const [program, ...argv] = process.argv.slice(1);
const worker = new Worker(program, { argv });
worker.on('error', () => {});
worker.on('exit', (code) => { process.exitCode = code; });
`;

async function cellOf(protocol: string, ending: string, thread: readonly string[] = []): Promise<Cell> {
  const destination = await destinations[protocol]!();
  const directory = mkdtempSync(join(tmpdir(), 'matrix-'));
  try {
    const child = spawn(process.execPath, [
      ...thread,
      join(__dirname, 'programs/ending.js'),
      ...[protocol, destination.url, join(directory, 'boxes'), ending],
    ]);
    if (ending.startsWith('SIG')) {
      await once(child.stdout, 'data');
      child.kill(ending as NodeJS.Signals);
    }
    const [code, signal] = await once(child, 'close');
    let inBox = 0;
    const bounds = { maxFiles: 9, maxTotalBytes: 2 ** 26, maxAgeMillis: 60_000 };
    expect(existsSync(join(directory, 'boxes'))).toBe(true);
    await recoverBoxes(
      join(directory, 'boxes'),
      bounds,
      () => true,
      async (records) => {
        inBox += records.length - 1;
        return 'exported';
      },
    );
    return { end: code ?? signal, exported: destination.count(), inBox };
  } finally {
    await destination.stop();
    rmSync(directory, { recursive: true });
  }
}

/** One ending of each kind: SIGINT is handled like SIGTERM, a rejection like an exception, and so on. */
const kinds = ['natural end', 'SIGTERM', 'exception', 'exit(1)', 'SIGKILL'];

test.each([
  ['grpc', Object.keys(matrix)],
  ['http', kinds],
  ['zeromq', kinds],
])('over %s every ending exports, or leaves in the box, what the table says', async (protocol, endings) => {
  const found: Record<string, Cell> = {};
  const left = [...endings];
  const works = Array.from({ length: 3 }, async () => {
    for (let ending = left.shift(); ending !== undefined; ending = left.shift()) {
      found[ending] = await cellOf(protocol, ending);
    }
  });
  await Promise.all(works);
  expect(found).toEqual(Object.fromEntries(endings.map((ending) => [ending, matrix[ending]])));
});

/** Records in the fallback without a black box, if the server does not answer. */
const fallbacks: Record<string, Omit<Cell, 'exported' | 'inBox'> & { readonly inFile: number }> = {
  'natural end': { end: 0, inFile: 1 },
  SIGTERM: { end: 'SIGTERM', inFile: 1 },
  exception: { end: 1, inFile: 13 },
  'exit(0)': { end: 0, inFile: 1 },
  // Includes the manifest, because no recovery creates one.
  'exit(1)': { end: 1, inFile: 12 },
};

test.each([
  ['grpc', 'http://127.0.0.1:1', Object.keys(fallbacks)],
  ['http', 'http://127.0.0.1:1', ['exception', 'exit(1)']],
  ['zeromq', 'tcp://127.0.0.1:1', ['exception', 'exit(1)']],
])(
  'over %s without a black box the fallback gets what cannot be exported',
  async (protocol, nobody, endings) => {
    const directory = mkdtempSync(join(tmpdir(), 'fallback-'));
    const ended = async (ending: string) => {
      const file = join(directory, ending);
      const child = spawn(process.execPath, [
        join(__dirname, 'programs/ending.js'),
        ...[protocol, nobody, directory, ending, file],
      ]);
      if (ending === 'SIGTERM') {
        await once(child.stdout, 'data');
        child.kill(ending);
      }
      const [code, signal] = await once(child, 'close');
      const bodies = readFileSync(file, 'utf8').match(/"body":/g) ?? [];
      expect([ending, { end: code ?? signal, inFile: bodies.length }]).toEqual([ending, fallbacks[ending]]);
    };
    await Promise.all(endings.map(ended));
    const distlog = join(__dirname, '../../dist/esm/cli/distlog.js');
    const tree = spawnSync(process.execPath, [distlog, 'tree', join(directory, 'exit(1)')], {
      encoding: 'utf8',
    });
    expect(tree).toMatchObject({ status: 0, stderr: '' });
    for (let count = 0; count < 10; count += 1) expect(tree.stdout).toContain(`held ${count}`);
    rmSync(directory, { recursive: true });
  },
);

test.each(['natural end', 'exception', 'exit(1)'])(
  'a worker thread that ends by %s does as a process',
  async (ending) => {
    expect(await cellOf('grpc', ending, ['--eval', inWorker])).toEqual(matrix[ending]);
  },
);
