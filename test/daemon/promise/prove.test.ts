import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const script = join(__dirname, '../../../scripts/prove-distlogd.js');

/** All that it says, also when it fails. */
async function prove(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += String(piece)));
  const [code] = await once(child, 'close');
  return `${said}exit code ${code}\n`;
}

test('the short form of the proof: 100,000 records, four SIGKILLs at random moments, none lost, none doubled', async () => {
  const said = await prove('100000', '4');
  expect(said).toContain(
    'ack: 100,000 records sent, 100,000 acknowledged, 100,000 arrived, 4 kills: 0 lost, 0 doubled\nexit code 0\n',
  );
});

test('the same in push mode: what is lost is counted, nothing is doubled', async () => {
  const said = await prove('50000', '2', 'push');
  expect(said).toMatch(
    /push: 50,000 records sent, 50,000 queued, [\d,]+ arrived, 2 kills: [\d,]+ lost, 0 doubled\nexit code 0\n/,
  );
});
