import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DaemonServer, startDaemonServer } from '../../reader/daemon-server.ts';
import { otlpLine } from '../../tree/otlp-lines.ts';
import { record } from '../../tree/story.ts';
import { distlog, tempFolder } from './support.ts';

const folder = tempFolder();
let server: DaemonServer;
let authorization: string | undefined;
const answer: Parameters<typeof startDaemonServer>[0] = (path, query, response, request) => {
  ({ authorization } = request.headers);
  if (path === '/api/v1/count') return response.end('{"distlog":{"records":1234}}\n');
  if (query.get('words') === 'more') response.write(`${otlpLine(record({ body: 'newest' }))}\n`);
  response.write(`${otlpLine(record({ body: 'of the daemon', severity: 17, at: -1 }))}\n`);
  return response.end(`{"distlog":{"records":1,"more":${query.get('words') === 'more'}}}\n`);
};
beforeAll(async () => {
  server = await startDaemonServer(answer);
});
afterAll(() => server.stop());

test('a daemon by its URL, with a token of a file or of the environment', async () => {
  const daemon = ['--daemon', server.url.href];
  const { code, out } = await distlog(['find', 'x', ...daemon]);
  expect({ code, authorization }).toEqual({ code: 0, authorization: undefined });
  expect(out[1]).toContain('of the daemon');
  await distlog(['find', 'x', ...daemon, '--token-file', folder.write('token', 'of a file\n')]);
  expect(authorization).toBe('Bearer of a file');
  await distlog(['find', 'x', ...daemon], { environment: { DISTLOG_TOKEN: 'of the environment' } });
  expect(authorization).toBe('Bearer of the environment');
  expect((await distlog(['find', 'x', '--count', ...daemon])).out).toEqual(['1,234']);
});

test('the daemon of the environment, and all commands', async () => {
  const environment = { DISTLOG_DAEMON: server.url.href };
  expect((await distlog(['find', 'more'], { environment })).out.map((line) => line.slice(0, 32))).toEqual([
    '2026-11-21 UTC',
    '06:12:35.999 ERROR shop test of ',
    '06:12:36.000 INFO  shop test new',
  ]);
  expect((await distlog(['find', 'more'], { environment })).err[0]).toMatch(
    /these are the newest 100; to see others/,
  );
  expect((await distlog(['tree', '--last-failed'], { environment })).out[0]).toMatch(/^✘ trace/);
  expect((await distlog(['tasks', '--failed'], { environment })).out[0]).toContain('✘ of the daemon');
  expect((await distlog(['bursts'], { environment })).err).toEqual(['distlog: no burst']);
});

test('without a source, the socket of a daemon of this directory, else an error that says what to do', async () => {
  const none = await distlog(['find', 'x'], { directory: folder.path });
  expect(none.code).toBe(64);
  expect(none.err[0]).toMatch(/no source: give files, pipe records, or use --daemon or --victoria-logs/);
  mkdirSync(join(folder.path, '.distlogd'));
  const local = await startDaemonServer(answer, join(folder.path, '.distlogd', 'distlogd.sock'));
  expect((await distlog(['find', 'x'], { directory: folder.path })).code).toBe(0);
  await local.stop();
  const gone = await distlog(['find', 'x', '--daemon', './gone.sock'], { directory: folder.path });
  expect(gone).toMatchObject({
    code: 69,
    err: [`distlog find: no answer from the daemon at ${folder.path}/gone.sock; is distlogd running?`],
  });
});

test.each([
  [
    ['--daemon', 'localhost'],
    /--daemon must be a URL such as http:\/\/localhost:5080, or the path of a socket/,
  ],
  [['--victoria-logs', 'ftp://x'], /--victoria-logs must be a URL such as .*; got "ftp:\/\/x"/],
  [
    ['--daemon', 'http://a', '--victoria-logs', 'http://b'],
    /files, --daemon and --victoria-logs exclude each other/,
  ],
])('%j is refused with 64', async (args, message) => {
  const { code, err } = await distlog(['find', 'x', ...args]);
  expect(code).toBe(64);
  expect(err[0]).toMatch(message);
});
