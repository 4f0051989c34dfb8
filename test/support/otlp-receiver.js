// An OTLP/gRPC receiver for logs, for tests and for `npm start`: it keeps what it is sent, and answers as the test says.
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { freePort } from './free-port.js';
import { fullSuccess, partialSuccess, statusWithRetryInfo } from './otlp-answer.js';
import { decodeLogsRequest } from './otlp-decode.js';

/** @typedef {import('./otlp-decode.js').DecodedRecord} DecodedRecord */

/**
 * How a request is answered: taken; refused with a gRPC status, perhaps with how long to wait; never
 * answered, as by a receiver that hangs; or taken but for some of its records.
 *
 * @typedef {'ok'
 *         | 'never'
 *         | { readonly code: number, readonly message?: string, readonly retryDelayMillis?: number }
 *         | { readonly rejectedLogRecords: number, readonly errorMessage?: string }} Answer
 */

/**
 * @typedef {object} ReceivedRequest
 * @property {readonly DecodedRecord[]} records
 * @property {number} bytes its size, after decompression
 * @property {Record<string, string | Buffer>} metadata the headers it came with
 * @property {Answer} answer
 */

/**
 * @typedef {object} OtlpReceiver
 * @property {number} port
 * @property {string} url
 * @property {DecodedRecord[]} records those of every request that was taken, in the order in which they came; of a
 *   partial success all but the last `rejectedLogRecords`
 * @property {ReceivedRequest[]} requests every request, also those that were refused or never answered
 * @property {() => void} clear forgets records and requests
 * @property {(count: number) => Promise<DecodedRecord[]>} waitForRecords resolves as soon as `records` holds so
 *   many; rejects when the receiver is stopped before
 * @property {(count: number) => Promise<ReceivedRequest[]>} waitForRequests the same for `requests`
 * @property {(choose?: (request: Omit<ReceivedRequest, 'answer'>, index: number) => Answer) => void} respond says
 *   how requests are answered from now on; `index` counts from 0 from this call on. Without a function: 'ok'
 * @property {() => Promise<void>} stop answers what is under way, then closes; may be called twice
 * @property {() => void} kill drops all connections at once, as a crash does; what is under way gets no answer
 */

const largestRequestBytes = 64 * 1024 * 1024;

const logsService = {
  Export: {
    path: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: sameBytes,
    requestDeserialize: sameBytes,
    responseSerialize: sameBytes,
    responseDeserialize: sameBytes,
  },
};

/**
 * @param {{ port?: number, onRequest?: (request: ReceivedRequest) => void }} [options] without a port on a free one, which stays its own when it is gone
 * @returns {Promise<OtlpReceiver>}
 */
export async function startOtlpReceiver({ port, onRequest } = {}) {
  /** @type {DecodedRecord[]} */
  const records = [];
  /** @type {ReceivedRequest[]} */
  const requests = [];
  const recordWaiters = new Waiters(records, 'records');
  const requestWaiters = new Waiters(requests, 'requests');
  /** @type {Set<() => void>} */
  const unanswered = new Set();
  /** @type {(request: Omit<ReceivedRequest, 'answer'>, index: number) => Answer} */
  let choose = () => 'ok';
  let index = 0;

  /** @param {import('@grpc/grpc-js').ServerUnaryCall<Buffer, Buffer>} call */
  const receive = (call) => {
    const decoded = {
      records: decodeLogsRequest(call.request),
      bytes: call.request.length,
      metadata: call.metadata.getMap(),
    };
    const request = { ...decoded, answer: choose(decoded, index++) };
    const taken = takenRecords(request);
    requests.push(request);
    records.push(...taken);
    onRequest?.(request);
    recordWaiters.look();
    requestWaiters.look();
    return request.answer;
  };

  const server = new Server({ 'grpc.max_receive_message_length': largestRequestBytes });
  server.addService(logsService, {
    /**
     * @param {import('@grpc/grpc-js').ServerUnaryCall<Buffer, Buffer>} call
     * @param {import('@grpc/grpc-js').sendUnaryData<Buffer>} reply
     */
    Export(call, reply) {
      /** @type {Answer} */
      let answer;
      try {
        answer = receive(call);
      } catch (error) {
        reply({ code: status.INVALID_ARGUMENT, details: /** @type {Error} */ (error).message });
        return;
      }
      if (answer === 'never') {
        const giveUp = () => reply({ code: status.UNAVAILABLE, details: 'the receiver was stopped' });
        unanswered.add(giveUp);
        call.once('cancelled', () => unanswered.delete(giveUp));
      } else if (answer === 'ok') {
        reply(null, fullSuccess);
      } else if ('code' in answer) {
        reply(refusal(answer));
      } else {
        reply(null, partialSuccess(answer.rejectedLogRecords, answer.errorMessage ?? ''));
      }
    },
  });
  const boundPort = await bind(server, port ?? (await freePort()));
  /** @type {Promise<void> | undefined} */
  let stopped;

  const releaseWaiters = () => {
    recordWaiters.reject();
    requestWaiters.reject();
  };

  return {
    port: boundPort,
    url: `http://127.0.0.1:${boundPort}`,
    records,
    requests,
    clear() {
      records.length = 0;
      requests.length = 0;
    },
    waitForRecords: (count) => recordWaiters.wait(count),
    waitForRequests: (count) => requestWaiters.wait(count),
    respond(chosen = () => 'ok') {
      choose = chosen;
      index = 0;
    },
    stop() {
      stopped ??= new Promise((done) => {
        for (const giveUp of unanswered) giveUp();
        unanswered.clear();
        server.tryShutdown(() => {
          releaseWaiters();
          done();
        });
      });
      return stopped;
    },
    kill() {
      server.forceShutdown();
      unanswered.clear();
      releaseWaiters();
      stopped ??= Promise.resolve();
    },
  };
}

/** Promises that wait for a list to grow. @template Item */
class Waiters {
  #list;
  #what;
  /** @type {Set<{ count: number, resolve: (list: Item[]) => void, reject: (error: Error) => void }>} */
  #waiting = new Set();

  /** @param {Item[]} list @param {string} what */
  constructor(list, what) {
    this.#list = list;
    this.#what = what;
  }

  /** @param {number} count @returns {Promise<Item[]>} */
  wait(count) {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ count, resolve, reject });
      this.look();
    });
  }

  look() {
    for (const waiter of this.#waiting) {
      if (this.#list.length < waiter.count) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(this.#list);
    }
  }

  reject() {
    for (const waiter of this.#waiting) {
      const got = `${this.#list.length} of ${waiter.count} ${this.#what}`;
      waiter.reject(new Error(`the receiver was stopped with ${got}`));
    }
    this.#waiting.clear();
  }
}

/** @param {ReceivedRequest} request @returns {readonly DecodedRecord[]} */
function takenRecords({ records, answer }) {
  if (answer === 'ok') return records;
  if (answer === 'never' || 'code' in answer) return [];
  return records.slice(0, Math.max(0, records.length - answer.rejectedLogRecords));
}

/** @param {{ code: number, message?: string, retryDelayMillis?: number }} answer */
function refusal({ code, message = 'refused by the test', retryDelayMillis }) {
  const metadata = new Metadata();
  if (retryDelayMillis !== undefined) {
    metadata.set('grpc-status-details-bin', statusWithRetryInfo(code, message, retryDelayMillis));
  }
  return { code, details: message, metadata };
}

/** @param {Server} server @param {number} port @returns {Promise<number>} */
function bind(server, port) {
  return new Promise((done, fail) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, boundPort) => {
      if (error) fail(error);
      else done(boundPort);
    });
  });
}

/** @param {Buffer} bytes */
function sameBytes(bytes) {
  return bytes;
}
