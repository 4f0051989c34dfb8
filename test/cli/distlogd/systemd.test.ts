// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references and units are written so
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const unit = readFileSync(join(__dirname, '../../../examples/systemd/distlogd.service'), 'utf8');
const values = (key: string) =>
  [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value);

test('a configuration is checked before a start and before a reload', () => {
  expect(values('ExecStartPre')[0]).toMatch(/^\S*distlogd validate --config \S+$/);
  expect(values('ExecReload')).toEqual([values('ExecStartPre')[0], '/bin/kill -HUP $MAINPID']);
  const file = /--config (\S+)/.exec(values('ExecStartPre')[0]!)![1];
  expect(values('ExecStart')[0]).toContain(`distlogd run --config ${file}`);
});

test('it runs as a user of its own, with a private data directory', () => {
  expect(values('User')).toEqual(['distlogd']);
  expect(values('StateDirectoryMode')).toEqual(['0700']);
  expect(values('ExecStart')[0]).toContain('--data ${STATE_DIRECTORY}');
  for (const key of ['NoNewPrivileges', 'PrivateTmp', 'ProtectHome']) expect(values(key)).toEqual(['yes']);
  expect(values('ProtectSystem')).toEqual(['strict']);
  expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
});

test('a fault that a restart does not cure is not restarted', () => {
  expect(values('RestartPreventExitStatus')).toEqual(['64 78']);
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

(hasSystemd ? test : test.skip)('systemd finds nothing wrong with it', () => {
  const room = mkdtempSync(join(tmpdir(), 'burstlog-unit-'));
  const file = join(room, 'distlogd.service');
  // systemd-analyze checks that the program exists, which is not installed here.
  writeFileSync(file, unit.replaceAll('/usr/bin/distlogd', '/bin/true'));
  const result = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
  rmSync(room, { recursive: true });
  expect(`${result.stdout}${result.stderr}`.split('\n').filter((line) => line.includes('distlogd'))).toEqual(
    [],
  );
  expect(result.status).toBe(0);
});
