import assert from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const run = ['--import', 'burstlog/register', 'server.js'];

test('the debug lines of a failed request leave, those of others do not', { timeout: 30_000 }, async () => {
  const env = { ...process.env, PORT: '0', BURSTLOG_EXPORTER: 'stdout', BURSTLOG_STDOUT_FORMAT: 'text' };
  const server = spawn(process.execPath, run, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [];
  let port;
  for await (const line of createInterface({ input: server.stdout })) {
    lines.push(line);
    const found = /"msg":"port (\d+)"/.exec(line)?.[1];
    if (found === undefined || port !== undefined) continue;
    port = found;
    const statuses = [];
    for (const path of ['/', '/declined', '/']) {
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`);
      statuses.push(status);
    }
    assert.deepEqual(statuses, [200, 500, 200]);
    server.kill('SIGTERM');
  }
  await once(server, 'close').catch(() => {});

  const held = lines.filter((line) => line.includes(' DEBUG '));
  assert.equal(held.length, 2, lines.join('\n'));
  assert.match(held[0], /cart is loaded/);
  assert.match(held[1], /ask the bank/);
  assert.equal(lines.filter((line) => line.startsWith('{') && line.includes('request ')).length, 3);
});
