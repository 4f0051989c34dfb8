import { mkdtempSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { VerbosityRule } from '../../src/burst/index.ts';
import { VerbosityFile } from '../../src/setup/verbosity-file.ts';
import { rulesIn } from '../../src/setup/verbosity-rules.ts';
import { pipeline } from '../support/pipeline.ts';

let directory: string;
let path: string;
let file: VerbosityFile | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'burstlog-verbosity-'));
  path = join(directory, 'verbosity.yaml');
});
afterEach(() => {
  file?.end();
  file = undefined;
  rmSync(directory, { recursive: true, force: true });
});

/** A burst of which a file sets the levels; it is looked at all the time. */
function watched() {
  const { burst, log } = pipeline();
  const reports: string[] = [];
  file = new VerbosityFile(path, burst, (message) => reports.push(message), 10);
  /** Whether a DEBUG record of the logger leaves at once. */
  const isLoud = (loggerName: string) => {
    const before = burst.stats().live;
    log('DEBUG', 'probe', { loggerName });
    return burst.stats().live > before;
  };
  return { reports, isLoud };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** Replaces the old file by the new one, as an editor or a deployment does. */
function replace(contents: string): void {
  const next = join(directory, 'next');
  writeFileSync(next, contents);
  renameSync(next, path);
}

test('its rules hold, those of a new content take their place, and none without it', async () => {
  const { isLoud, reports } = watched();
  expect(isLoud('a')).toBe(false);
  writeFileSync(path, '- logger: a*\n  emitLevel: debug\n  for: 10m\n');
  await until(() => isLoud('a.b'));
  replace('[{ "logger": "b", "emitLevel": "TRACE" }, { "emitLevel": "WARN" }]');
  await until(() => isLoud('b'));
  expect(isLoud('a')).toBe(false);
  unlinkSync(path);
  await until(() => !isLoud('b'));
  expect(reports).toEqual([]);
});

test('invalid content is reported with its position, and the levels are unchanged', async () => {
  writeFileSync(path, '- { logger: a, emitLevel: DEBUG }\n');
  const { isLoud, reports } = watched();
  await until(() => isLoud('a'));
  replace('- logger: b\n  emitLevel: DEBUG\n  emitlevel: DEBUG\n');
  await until(() => reports.length > 0);
  // Only the burst knows that this is wrong.
  replace('- { logger: b, emitLevel: DEBUG }\n- { logger: c, emitLevel: FATAL }\n');
  await until(() => reports.length > 1);
  expect(reports).toEqual([
    `${path}:3:3: unknown key "emitlevel"; known are logger, task, level, emitLevel, for; the levels are unchanged`,
    `${path}:2:3: rule: emitLevel must not be above burstLevel (17), got "FATAL"; the levels are unchanged`,
  ]);
  expect([isLoud('a'), isLoud('b')]).toEqual([true, false]);
  replace('- { logger: c, emitLevel: DEBUG }\n');
  await until(() => isLoud('c'));
  expect(isLoud('a')).toBe(false);
});

test('what cannot be read is reported', async () => {
  writeFileSync(path, `# ${'x'.repeat(70_000)}`);
  const { reports } = watched();
  await until(() => reports.length > 0);
  expect(reports).toEqual([
    `${path} cannot be read; the levels are unchanged: the file must have at most 65536 bytes, got 70002`,
  ]);
});

test('the time of a rule counts from the moment when the file was written', async () => {
  const taken: VerbosityRule[] = [];
  const configure = (rule: VerbosityRule | readonly VerbosityRule[]) => {
    taken.push(rule as VerbosityRule);
    return () => {};
  };
  writeFileSync(
    path,
    '- { logger: over, level: INFO, for: 1m }\n- { logger: a, level: INFO, for: 1h }\n- { logger: b, level: INFO }',
  );
  const fiveMinutesAgo = Date.now() / 1000 - 300;
  utimesSync(path, fiveMinutesAgo, fiveMinutesAgo);
  file = new VerbosityFile(path, { configure }, () => {}, 10);
  await until(() => taken.length >= 2);
  expect(taken).toMatchObject([{ logger: 'b' }, { logger: 'a' }]);
  const [b, a] = taken.map(({ forMillis = 0 }) => forMillis);
  // Exact but for the time that this test took.
  expect(a).toBeLessThanOrEqual(3_300_000);
  expect(a! - b!).toBe(3_000_000);
});

test.each<[string, readonly string[]]>([
  ['', []],
  ['# nothing\n', []],
  ['rules: []', ['1:1 must be a list of rules, each with logger, task, level, emitLevel, for']],
  ['- a\n- - b', ['1:3 a rule must be a map with logger', '2:3 a rule must be a map with logger']],
  ['- level: LOUD', ['1:10 level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL, got "LOUD"']],
  ['- level: INFO\n  for: 10', ['2:8 for must be a duration such as 500ms or 2s, got "10"']],
  ['- level: INFO\n  logger:', ['2:10 logger must be a name, or a prefix that ends with']],
  ['- level: INFO\n  level: WARN', ['2:3 Map keys must be unique']],
  ['- "level: INFO', ['1:15 Missing closing "quote']],
  ['- level: &a INFO\n- level: *a', ['2:10 level must be TRACE, DEBUG']],
  ['- __proto__: 1', ['1:3 unknown key "__proto__"']],
])('%j has the problems %j', (contents, expected) => {
  const { rules, problems } = rulesIn(contents);
  expect(rules).toEqual([]);
  expect(problems).toHaveLength(expected.length);
  expected.forEach((text, index) => {
    const { at, message } = problems[index]!;
    expect(`${at} ${message}`).toContain(text);
  });
});
