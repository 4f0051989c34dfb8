// A service over HTTP: continues the task of its caller, and calls the next service, if one is named.
import { createServer } from 'node:http';
import { importTask, to } from '../../../dist/esm/index.js';
import { logger, records } from './recorder.js';

const [, , name = '', next = ''] = process.argv;

const server = createServer((request, response) => {
  importTask(request.headers, `serve ${name}`, { service: name }, async () => {
    logger.emit({ severityNumber: 9, body: `in ${name}` });
    if (next !== '') {
      await to('call the next', async (job) => {
        /** @type {Record<string, string>} */
        const headers = {};
        job.inject(headers);
        await (await fetch(next, { headers })).text();
      });
    }
  }).then(() => response.end('done'));
});
server.listen(0, '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ port: address.port });
});
process.on('message', () => {
  process.send?.({ records: records(name) }, () => process.exit());
});
