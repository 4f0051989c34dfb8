import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(__dirname, '../../../scripts/prove-distlogd.js');

test('the short form of the proof: 100,000 records, four SIGKILLs at random moments, none lost, none doubled', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '100000', '4']);
  expect(stdout).toContain(
    'ack: 100,000 records sent, 100,000 acknowledged, 100,000 arrived, 4 kills: 0 lost, 0 doubled\n',
  );
});

test('the same in push mode: what is lost is counted, nothing is doubled', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '50000', '2', 'push']);
  expect(stdout).toMatch(
    /push: 50,000 records sent, 50,000 queued, [\d,]+ arrived, 2 kills: [\d,]+ lost, 0 doubled\n/,
  );
});
