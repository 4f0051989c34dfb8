// The process of a store: `store-program.js write` or `store-program.js read`. It reads requests from
// standard input, one after the other, and writes answers to standard output. Both are blocking: a slow
// reader delays this process only. It ends at the end of its input, and therefore also when the daemon ends,
// however that happens.
import { readSync, writeSync } from 'node:fs';
import { encodeDecoded } from '../otlp/index.ts';
import { loadPatterns } from '../ottl/index.ts';
import { errorText } from '../record/index.ts';
import { loadDriver } from './driver.ts';
import { HEADER_BYTES, lengthsOf, messageBytes, type StoreAnswer, type StoreOrder } from './messages.ts';
import { StoreReader } from './store-reader.ts';
import { StoreWriter } from './store-writer.ts';

const INPUT = 0;
const OUTPUT = 1;
const NO_BYTES: Readonly<Uint8Array> = new Uint8Array();

type Handler = (order: StoreOrder, bytes: Buffer) => StoreAnswer & { readonly kind: 'done' };

function answer(message: StoreAnswer, bytes: Uint8Array = NO_BYTES): void {
  writeAll(messageBytes(message, bytes.length));
  if (bytes.length > 0) writeAll(bytes);
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(OUTPUT, bytes, at);
}

/** @returns undefined at the end of the input */
function readAll(length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; ) {
    const read = readInput(bytes, at);
    if (read === 0) return undefined;
    at += read;
  }
  return bytes;
}

function readInput(bytes: Buffer, at: number): number {
  try {
    return readSync(INPUT, bytes, at, bytes.length - at, null);
  } catch (error) {
    // On Windows, the end of the input is an error.
    if ((error as NodeJS.ErrnoException).code === 'EOF') return 0;
    throw error;
  }
}

async function writerHandler(): Promise<Handler> {
  const driver = await loadDriver();
  let writer: StoreWriter | undefined;
  const opened = () => {
    if (writer === undefined) throw new Error('the store is not open');
    return writer;
  };
  return (order, bytes) => {
    switch (order.kind) {
      case 'open': {
        const { directory, limits } = order;
        const onOpen = (name: string) => answer({ kind: 'at', name });
        const onWarning = (message: string) => answer({ kind: 'warning', message });
        writer = new StoreWriter({ driver, directory, limits, now: Date.now, onOpen, onWarning });
        const cursor = writer.open();
        return { kind: 'done', cursor, totals: writer.totals, driver: driver.name };
      }
      case 'write': {
        let at = 0;
        const entries = order.entries.map(({ bytes: length, ...entry }) => {
          at += length;
          return { ...entry, body: bytes.subarray(at - length, at) };
        });
        const written = opened().write(entries, order.cursor);
        return { kind: 'done', written, totals: opened().totals };
      }
      case 'probe':
        opened().probe(probeBody());
        return { kind: 'done' };
      case 'care':
        opened().care();
        return { kind: 'done', totals: opened().totals };
      default:
        throw new Error(`a writing process does not accept the request ${order.kind}`);
    }
  };
}

async function readerHandler(): Promise<Handler> {
  const driver = await loadDriver();
  const patterns = await loadPatterns();
  let reader: StoreReader | undefined;
  const findings = {
    at: (name: string) => answer({ kind: 'at', name }),
    lines: (text: string) => answer({ kind: 'lines' }, Buffer.from(text, 'utf8')),
    unreadable: (name: string, why: string) =>
      answer({ kind: 'warning', message: `${name} has records that cannot be decoded (${why})` }),
    damaged: (name: string, why: string) => answer({ kind: 'damaged', name, why }),
  };
  return (order) => {
    if (order.kind !== 'records' && order.kind !== 'count') {
      throw new Error(`a reading process does not accept the request ${order.kind}`);
    }
    reader ??= new StoreReader(driver, order.directory, () => performance.now(), patterns);
    return { kind: 'done', found: reader[order.kind](order.query, order.boundMillis, findings) };
  };
}

function probeBody(): Uint8Array {
  const none = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  const times = { timeUnixNano: 1n, observedTimeUnixNano: 1n };
  const ids = { flags: 0, traceId: '', spanId: '', eventName: '' };
  const record = { ...times, ...ids, severityNumber: 1, severityText: '', body: 'probe', ...none };
  return encodeDecoded({
    resources: [{ ...none, scopes: [{ ...none, name: '', version: '', records: [record] }] }],
  });
}

async function run(mode: string | undefined): Promise<void> {
  // Ctrl-C also reaches the daemon, which ends this process after it has stopped.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const handler = await (mode === 'read' ? readerHandler : writerHandler)();
  for (;;) {
    const header = readAll(HEADER_BYTES);
    if (header === undefined) break;
    const lengths = lengthsOf(header);
    const text = readAll(lengths.text);
    const bytes = readAll(lengths.bytes);
    if (text === undefined || bytes === undefined) break;
    try {
      answer(handler(JSON.parse(text.toString('utf8')) as StoreOrder, bytes));
    } catch (error) {
      answer({ kind: 'failed', message: errorText(error) });
    }
  }
  process.exit(0);
}

run(process.argv[2]).catch((error: unknown) => {
  process.stderr.write(`${errorText(error)}\n`);
  process.exit(1);
});
