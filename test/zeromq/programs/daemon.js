// A receiver with a journal in a file, to be killed. Arguments: endpoint, path of the journal.
import { ZmqAckReceiver, zmqAckOptions } from '../../../build/receivers/zeromq/index.js';
import { resolve } from '../../../build/settings/index.js';
import { FileIntake } from './file-intake.js';

const [endpoint = '', path = ''] = process.argv.slice(2);
const intake = new FileIntake(path);
const receiver = new ZmqAckReceiver(resolve(zmqAckOptions, 'zmqAck', { endpoint }), {
  intake,
  scan: (body) => ({ records: Buffer.from(body).toString('latin1').split('\n').length }),
});
await receiver.start();
process.send?.(receiver.endpoint);
