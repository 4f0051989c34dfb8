import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/index.ts';
import { formatStatus, type Status } from '../../src/operations/index.ts';
import { receiverReport, sinkReport, statusReport } from '../operations/support/report.ts';
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
    expect('errors' in parsed ? parsed.errors : []).toEqual([]);
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
  const status: Status = {
    state: 'ready',
    ...statusReport({
      version: '0.1.0',
      pid: 4_242,
      upMillis: 11_520_000,
      journal: { batches: 12, bytes: 1.36 * 2 ** 20, producers: 3, segments: 1 },
      receivers: [
        receiverReport({ records: 812_331, batches: 1_587, bytes: 121 * 2 ** 20 }),
        receiverReport({
          name: 'otlpHttp',
          endpoint: 'http://127.0.0.1:4318',
          records: 310,
          batches: 31,
          bytes: 45.1 * 1_024,
          refused: { unauthorized: 2 },
        }),
      ],
      sinks: [
        sinkReport({ written: { batches: 1_618, records: 812_641, bytes: 0 }, own: { rotations: 2 } }),
        sinkReport({
          name: 'collector',
          type: 'otlp',
          condition: 'waiting',
          written: { batches: 1_606, records: 806_497, bytes: 0 },
          behind: { batches: 12, records: 6_144, bytes: 1.36 * 2 ** 20, ageMillis: 21_000 },
          retries: 9,
          dropped: { partial_success: { batches: 0, records: 4 } },
          own: { requests: 911 },
          trouble: 'connect ECONNREFUSED 10.0.0.7:4317',
          lastError: { text: 'connect ECONNREFUSED 10.0.0.7:4317', atMillis: Date.UTC(2026, 10, 30, 8, 15) },
        }),
      ],
    }),
  };
  expect(blocks('text')).toContain(`$ npx -p burstlog distlogd status\n${formatStatus(status)}`);
});
