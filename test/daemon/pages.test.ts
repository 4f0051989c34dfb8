import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/index.ts';
import { formatStatus, type Status } from '../../src/operations/index.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';

const page = readFileSync(join(__dirname, '../../docs/distlogd.md'), 'utf8');
const folder = folderForEachTest();

function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    ([, text]) => text!,
  );
}

test('every configuration of the page is right', () => {
  const all = blocks('yaml');
  expect(all.length).toBeGreaterThanOrEqual(2);
  for (const text of all) {
    const parsed = parseConfig(text, { fileName: 'distlogd.yaml', environment: {}, directory: folder() });
    expect('faults' in parsed ? parsed.faults : []).toEqual([]);
  }
});

test('the certificate for a try can be made', () => {
  const command = blocks('sh').find((text) => text.startsWith('openssl '))!;
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
  } catch {
    return;
  }
  execFileSync('sh', ['-c', command], { cwd: folder(), stdio: 'ignore' });
  for (const name of ['tls.key', 'tls.crt']) expect(existsSync(join(folder(), name))).toBe(true);
});

test('the status of the page is what it looks like', () => {
  const none = { duplicates: 0, refused: {}, dropped: {} };
  const caughtUp = { batches: 0, records: 0, bytes: 0, ageMillis: 0 };
  const sink = { lost: {}, deadLetters: 0, retries: 0, isBlocking: false };
  const status: Status = {
    version: '0.1.0',
    state: 'ready',
    pid: 4_242,
    upMillis: 11_520_000,
    ownRecordsLost: 0,
    journal: {
      batches: 12,
      bytes: 1.36 * 2 ** 20,
      maxBytes: 8 * 2 ** 30,
      producers: 3,
      isFull: false,
      refused: {},
    },
    receivers: [
      {
        ...none,
        name: 'zmqAck',
        endpoint: 'tcp://127.0.0.1:5011',
        records: 812_331,
        batches: 1_587,
        bytes: 121 * 2 ** 20,
      },
      {
        ...none,
        name: 'otlpHttp',
        endpoint: 'http://127.0.0.1:4318',
        records: 310,
        batches: 31,
        bytes: 45.1 * 1_024,
        refused: { unauthorized: 2 },
      },
    ],
    sinks: [
      { ...sink, name: 'archive', type: 'file', condition: 'running', written: 812_641, behind: caughtUp },
      {
        ...sink,
        name: 'collector',
        type: 'otlp',
        condition: 'waiting',
        written: 806_497,
        behind: { batches: 12, records: 6_144, bytes: 1.36 * 2 ** 20, ageMillis: 21_000 },
        retries: 9,
        trouble: 'connect ECONNREFUSED 10.0.0.7:4317',
      },
    ],
  };
  expect(blocks('text')).toContain(`$ npx distlogd status\n${formatStatus(status)}`);
});
