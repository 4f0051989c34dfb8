import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decodeLogs, scanLogs } from '../../src/otlp/index.ts';
import { closeAll, newReceiver } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

afterEach(closeAll);

const client = join(__dirname, '../../examples/python/ack_client.py');
const hasPython = spawnSync('python3', ['-c', 'import zmq']).status === 0;
const withPython = hasPython ? test : test.skip;
const name = hasPython ? '' : ' (SKIPPED: needs python3 with pyzmq, `pip install pyzmq`)';

withPython(`Python's logging speaks ack mode with sixty lines${name}`, async () => {
  const intake = new MemoryIntake();
  const { endpoint } = await newReceiver(intake, {}, { scan: scanLogs });
  const { stdout } = await promisify(execFile)('python3', [client, endpoint], { timeout: 100_000 });
  expect(stdout).toBe('lost 0\n');
  expect(intake.batches).toHaveLength(1);
  const decoded = JSON.stringify(decodeLogs(intake.batches[0]!.body), (_key, value) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  for (const text of ['cart has 3 items', 'card was declined: €', 'python-example', 'shop', 'ERROR']) {
    expect(decoded).toContain(text);
  }
});

withPython(`a Python client waits while the journal is full, and comes through once${name}`, async () => {
  const intake = new MemoryIntake();
  intake.fullForMillis = 20;
  const { endpoint } = await newReceiver(intake, {}, { scan: scanLogs });
  const done = promisify(execFile)('python3', [client, endpoint], { timeout: 100_000 });
  await intake.until(() => intake.appends === 3);
  intake.fullForMillis = undefined;
  expect((await done).stdout).toBe('lost 0\n');
  expect(intake.batches).toHaveLength(1);
});
