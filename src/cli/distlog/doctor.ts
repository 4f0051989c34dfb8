import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { diagnose, type Evidence, mainProcess, reportOf } from '../../doctor/index.ts';
import { armTimeout, clearTimeout } from '../../record/index.ts';
import { parseDuration } from '../../text/index.ts';
import { command } from '../command.ts';
import { commandError, ExitCode, usageError } from '../exit-code.ts';
import type { Io } from '../io.ts';

const ownHook = new URL('../../doctor/hook.js', import.meta.url);

export const doctor = command({
  name: 'doctor',
  summary: 'runs an application and reports why it shows no burst',
  details: [
    'Runs the command after `--`, inspects its Node.js processes, and reports when they end what prevents bursts: the',
    'observation, the reason, and the remedy. The application should log an error and some DEBUG records.',
    'Exit codes: 0 no problems, 1 problems found, 66 the command cannot be run or starts no Node.js process.',
    'Example: distlog doctor --for 10s -- node --import burstlog/register app.js',
  ],
  words: '-- COMMAND...',
  options: {
    for: {
      type: 'string',
      value: 'DURATION',
      help: 'stops the application after this time, such as 30s (default: it ends by itself)',
    },
  },
  async run({ values, words }, io) {
    const [program, ...args] = words;
    if (program === undefined) throw usageError('expected a command after --');
    const millis = values.for === undefined ? undefined : parseDuration(values.for);
    if (values.for !== undefined && millis === undefined) {
      throw usageError(`--for must be a duration such as 30s, got ${JSON.stringify(values.for)}`);
    }
    const directory = mkdtempSync(join(tmpdir(), 'distlog-doctor-'));
    try {
      await runApplication(program, args, millis, directory, io);
      const evidence = mainProcess(evidenceIn(directory));
      if (evidence === undefined) {
        throw commandError(
          ExitCode.NO_INPUT,
          'the command started no Node.js process that could be inspected',
        );
      }
      const findings = await diagnose(evidence);
      io.out('');
      for (const line of reportOf(evidence, findings)) io.out(line);
      return findings.length === 0 ? ExitCode.OK : ExitCode.FAILED;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
});

/** Runs a command with the hook preloaded in each of its Node.js processes. Resolves when it has ended. */
async function runApplication(
  program: string,
  args: readonly string[],
  millis: number | undefined,
  directory: string,
  io: Io,
): Promise<void> {
  const before = io.environment.NODE_OPTIONS;
  const env = {
    ...io.environment,
    DISTLOG_DOCTOR: directory,
    NODE_OPTIONS: [`--import=${hookFor(io.directory)}`, before].filter(Boolean).join(' '),
  };
  const child = spawn(program, args, { cwd: io.directory, env, stdio: 'inherit' });
  const timer = millis === undefined ? undefined : armTimeout(() => child.kill('SIGTERM'), millis);
  // The terminal also sends the signal to the application, whose end is awaited.
  const unlisten = io.onSignal('SIGINT', () => {});
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('close', () => resolve());
      child.on('error', (error) =>
        reject(commandError(ExitCode.NO_INPUT, `${program} cannot be run: ${error.message}`)),
      );
    });
  } finally {
    unlisten();
    clearTimeout(timer);
  }
}

/** Returns the hook of the application's own burstlog: another copy would load further copies of packages. */
function hookFor(directory: string): string {
  try {
    const manifest = createRequire(join(directory, 'package.json')).resolve('burstlog/package.json');
    const found = join(dirname(manifest), 'dist/esm/doctor/hook.js');
    return existsSync(found) ? pathToFileURL(found).href : ownHook.href;
  } catch {
    return ownHook.href;
  }
}

function evidenceIn(directory: string): readonly Evidence[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Evidence);
}
