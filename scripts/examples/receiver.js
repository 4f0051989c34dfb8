// An OTLP/HTTP receiver for the examples: it keeps log records, and accepts and ignores traces.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { decodeLogsRequest } from '../../test/support/otlp-decode.js';

/** @typedef {import('../../test/support/otlp-decode.js').DecodedRecord} DecodedRecord */

/**
 * @typedef {object} Receiver
 * @property {string} url
 * @property {DecodedRecord[]} records in order of arrival
 * @property {Buffer[]} requests the bodies of the requests
 * @property {() => Promise<void>} stop
 *
 * @returns {Promise<Receiver>}
 */
export async function startReceiver() {
  /** @type {DecodedRecord[]} */
  const records = [];
  /** @type {Buffer[]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    if (request.url === '/v1/logs') {
      records.push(...decodeLogsRequest(body));
      requests.push(body);
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    records,
    requests,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
