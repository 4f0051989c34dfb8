import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const script = join(__dirname, '../../../scripts/fuzz-distlogd.js');

test('the short form of the fuzz: 10,000 wrong messages, 1,000 wrong connections, attacks, and who speaks rightly is served', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    '--quick',
    '10000',
    '1000',
    '20261121',
  ]);
  expect(stdout).toMatch(
    /it stayed up, \d+ MiB at most \(it needs up to \d+\); of 4 right records 4 are there once\n/,
  );
  for (const cause of [
    'malformed',
    'protobuf',
    'checksum',
    'unsupported',
    'json',
    'pickle',
    'content_type',
  ]) {
    expect(stdout).toContain(`${cause} `);
  }
}, 120_000);
