import { runsUnderNodemon } from '../../src/setup/release-signal.ts';
import { bodiesOf, program, recordsIn, runNode } from './support/run-app.ts';

const app = ['--import', 'burstlog/register', program('held.cjs')];
const ready = (stdout: string) => stdout.includes('ready');

test('SIGUSR2 releases everything held, and the process continues', async () => {
  let sent = false;
  const { signal, stdout, stderr } = await runNode(app, { BURSTLOG_EXPORTER: 'stdout' }, (child, text) => {
    if (text.includes('burst.released')) child.kill('SIGTERM');
    if (sent || !ready(text)) return;
    sent = true;
    child.kill('SIGUSR2');
  });
  expect({ signal, stderr }).toEqual({ signal: 'SIGTERM', stderr: '' });
  const records = recordsIn(stdout);
  expect(bodiesOf(records)).toContain('what is held');
  const manifest = records.find(({ eventName }) => eventName === 'burst.released');
  expect(manifest?.attributes).toContainEqual({ key: 'burst.reason', value: { stringValue: 'SIGUSR2' } });
});

test.each([
  ['a listener of the application takes its place', ['own'], {}, 'cleans up'],
  ['with `none` it means what it meant', [], { BURSTLOG_RELEASE_SIGNAL: 'none' }, 'ready'],
  ['under nodemon it ends the process', [], { npm_lifecycle_script: 'nodemon app.js' }, 'ready'],
])('%s', async (_name, words, environment, says) => {
  const variables = { BURSTLOG_EXPORTER: 'stdout', ...environment };
  const { signal, stdout } = await runNode([...app, ...words], variables, (child, text) => {
    if (ready(text) && !child.killed) child.kill('SIGUSR2');
  });
  expect(signal).toBe('SIGUSR2');
  expect(stdout).toContain(says);
  expect(stdout).not.toContain('what is held');
});

test.each<[object, boolean]>([
  [{}, false],
  [{ npm_lifecycle_script: 'nodemon --inspect app.js' }, true],
  [{ npm_lifecycle_script: 'node nodemonitor.js' }, false],
  [{ _: '/usr/local/bin/nodemon' }, true],
  [{ _: '/usr/bin/node' }, false],
])('nodemon is known by %j: %s', (environment, isThere) => {
  expect(runsUnderNodemon(environment as Record<string, string>)).toBe(isThere);
});
