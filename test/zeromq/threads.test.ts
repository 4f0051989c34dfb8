import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ZmqPushReceiver, zmqPushOptions } from '../../src/receivers/zeromq/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { closeAll, closeLater, newReceiver } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

const program = join(__dirname, 'programs/thread-ends.js');
/** Milliseconds after the first successful export: batches are in flight, replies are, nothing is. */
const moments = [0, 1, 5, 20, 60].map(String);

afterEach(closeAll);

async function endpointOf(mode: string): Promise<string> {
  const intake = new MemoryIntake();
  if (mode === 'ack') {
    return (await newReceiver(intake, {}, { scan: () => ({ records: 2 }) })).endpoint;
  }
  const options = resolve(zmqPushOptions, 'zmqPush', { endpoint: 'tcp://127.0.0.1:0' });
  const receiver = new ZmqPushReceiver(options, { intake });
  await receiver.start();
  closeLater(() => receiver.stop(0));
  return receiver.endpoint;
}

describe.each(['ack', 'push'])('a thread that logs in mode %s', (mode) => {
  test.each(['throw', 'exit', 'terminate'])(
    'may end by %s at any moment: the process goes on',
    async (ending) => {
      const endpoint = await endpointOf(mode);
      const { stdout } = await promisify(execFile)(process.execPath, [
        program,
        endpoint,
        mode,
        ending,
        ...moments,
      ]);
      expect(stdout).toBe('the process goes on\n');
    },
  );
});
