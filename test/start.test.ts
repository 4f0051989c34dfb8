import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findCollector } from '../scripts/collector.js';

const script = join(__dirname, '../examples/service/start.js');
const mostMillis = 15_000;

interface Run {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMillis: number;
}

function start(environment: NodeJS.ProcessEnv): Promise<Run> {
  const startedAt = performance.now();
  return new Promise((done) => {
    const options = { env: { ...process.env, ...environment }, timeout: 2 * mostMillis };
    execFile(process.execPath, [script], options, (error, stdout, stderr) => {
      const code = error?.code ?? (error ? 'killed' : 0);
      done({ code, stdout, stderr, tookMillis: performance.now() - startedAt });
    });
  });
}

/** The lines of the story: time, severity, text and attributes. */
function storyIn(stdout: string): { millis: number; severity: string; text: string }[] {
  const lines = stdout.matchAll(/^ {2}\+(\d+) ms +([A-Z]+) +(.*)$/gm);
  return Array.from(lines, ([, millis, severity, text]) => ({
    millis: Number(millis),
    severity: severity!,
    text: text!,
  }));
}

const steps = [
  'order received',
  'asks the warehouse',
  'the warehouse has enough',
  'reserved',
  'price found',
  'exchange rate found',
  'asks the bank',
  'the bank has answered',
  'reservation let go',
];

function tellsItAll({ code, stdout, stderr, tookMillis }: Run): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(tookMillis).toBeLessThan(mostMillis);
  expect(stdout).toContain('192 orders were paid, 8 failed');
  expect(stdout).toMatch(/DEBUG +1,800 logged, 72 left the process, in 8 bursts/);
  expect(stdout).toMatch(/INFO +192 logged, all left at once/);
  expect(stdout).toMatch(/ERROR +8 logged, all left at once/);

  const story = storyIn(stdout);
  expect(story.map(({ severity }) => severity)).toEqual([...steps.map(() => 'DEBUG'), 'ERROR']);
  expect(story.slice(0, -1).map(({ text }) => text.split(/ {2,}/)[0])).toEqual(steps);
  expect(story.at(-1)?.text).toContain('the bank refused the card: over_limit');
  const times = story.map(({ millis }) => millis);
  expect(times).toEqual([...times].sort((one, other) => one - other));
}

describe('npm start', () => {
  test('tells the story of a failed order, with the receiver of our own', async () => {
    const nothing = mkdtempSync(join(tmpdir(), 'burstlog-start-'));
    try {
      // A machine without a Collector: none given, none on the path, none built.
      const environment = { OTELCOL_BIN: '', PATH: dirname(process.execPath), XDG_CACHE_HOME: nothing };
      const run = await start(environment);
      expect(run.stdout).toContain('a small OTLP receiver stands in for it');
      tellsItAll(run);
    } finally {
      rmSync(nothing, { recursive: true });
    }
  });

  const withCollector = findCollector().path === undefined ? test.skip : test;
  withCollector('tells the same story with a real Collector', async () => {
    const run = await start({});
    expect(run.stdout).toContain('OpenTelemetry Collector');
    expect(run.stdout).not.toContain('stands in');
    tellsItAll(run);
  });
});
