// An OTLP/gRPC receiver in its own process: it reads only the parts of a request that the benchmarks need, so
// that it is never the slower end. A report contains what arrived since the last report.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { scanRequest } from './otlp-scan.js';

const EMPTY = Buffer.alloc(0);
/** @param {Buffer} bytes */
const asItIs = (bytes) => bytes;
const service = {
  export: {
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
};

let records = 0;
let longestInOrder = 0;
/** The last `burst.sequence` of each burst; -1 after one arrived out of order. @type {Map<string, number>} */
let bursts = new Map();

/**
 * @param {string} burst
 * @param {number} sequence
 */
function released(burst, sequence) {
  const last = bursts.get(burst) ?? 0;
  const next = sequence === last + 1 ? sequence : -1;
  bursts.set(burst, next);
  longestInOrder = Math.max(longestInOrder, next);
}

function report() {
  const outOfOrder = [...bursts.values()].filter((last) => last < 0).length;
  const counts = { records, bursts: bursts.size, outOfOrder, longestInOrder };
  records = 0;
  longestInOrder = 0;
  bursts = new Map();
  return counts;
}

const server = new Server({ 'grpc.max_receive_message_length': -1 });
server.addService(service, {
  /** @type {import('@grpc/grpc-js').handleUnaryCall<Buffer, Buffer>} */
  export: (call, callback) => {
    records += scanRequest(call.request, released);
    callback(null, EMPTY);
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.(`http://127.0.0.1:${port}`);
});
process.on('message', (word) => {
  if (word === 'report') process.send?.(report());
  else process.disconnect();
});
// Also if the run was killed.
process.on('disconnect', () => process.exit());
