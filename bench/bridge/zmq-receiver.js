// A receiver of ack mode in its own process: it scans a batch like the daemon, acknowledges it, and discards
// it.
import { ZmqAckReceiver, zmqAckOptions } from '../../build/receivers/zeromq/index.js';
import { resolve } from '../../build/settings/index.js';

/** @type {Map<string, number>} */
const last = new Map();
let index = 0;
const intake = {
  id: new Uint8Array(16).fill(1),
  /** @param {Uint8Array} producer */
  lastSeq: (producer) => last.get(Buffer.from(producer).toString('latin1')) ?? 0,
  /** @param {{ readonly origin?: { readonly producer: Uint8Array, readonly seq: number } | undefined }} batch */
  append: async ({ origin }) => {
    if (origin !== undefined) last.set(Buffer.from(origin.producer).toString('latin1'), origin.seq);
    index += 1;
    return { kind: /** @type {const} */ ('accepted'), index };
  },
};
const receiver = new ZmqAckReceiver(resolve(zmqAckOptions, 'zmqAck', { endpoint: 'tcp://127.0.0.1:0' }), {
  intake,
});
await receiver.start();
process.send?.(receiver.endpoint);
process.on('message', () => process.disconnect());
// Also if the run was killed.
process.on('disconnect', () => process.exit());
