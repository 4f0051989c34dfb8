// The thread of LinesInThread: takes entries, gives lines.
import { parentPort, workerData } from 'node:worker_threads';
import { isWireError } from '../../otlp/index.ts';
import { errorText } from '../../record/index.ts';
import { LineMaker } from './line-maker.ts';
import type { LineFormat } from './line-source.ts';
import { TextBuffer } from './text-buffer.ts';

/** Entries on their way to the thread. Their bytes move; nothing is copied. */
export interface LineOrder {
  /** The bodies, one behind the other. */
  readonly bodies: Uint8Array<ArrayBuffer>;
  /** Where each ends. */
  readonly ends: readonly number[];
}

/** What became of an order. */
export interface MadeLines {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Which of the entries cannot be read, by their place in the order. */
  readonly bad: readonly number[];
  readonly message: string;
}

function linesOf({ bodies, ends }: LineOrder, maker: LineMaker, out: TextBuffer): MadeLines {
  const bad: number[] = [];
  let message = '';
  let start = 0;
  out.clear();
  for (const [place, end] of ends.entries()) {
    const before = out.length;
    try {
      for (const text of maker.pieces({ body: bodies.subarray(start, end) })) out.add(text);
    } catch (error) {
      if (!isWireError(error)) throw error;
      out.length = before;
      bad.push(place);
      message = errorText(error);
    }
    start = end;
  }
  return { bytes: new Uint8Array(out.bytes), bad, message };
}

if (parentPort !== null) {
  const port = parentPort;
  const maker = new LineMaker(workerData as LineFormat);
  const out = new TextBuffer();
  port.on('message', (order: LineOrder) => {
    const made = linesOf(order, maker, out);
    port.postMessage(made, [made.bytes.buffer]);
  });
}
