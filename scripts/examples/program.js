// Runs a program of an example as a real process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Longer than any program needs, even on a busy machine. */
const MOST_MILLIS = 300_000;
/** The exit code of a program that ends itself after SIGTERM. */
const TERMINATED = 143;

/**
 * @typedef {object} Program
 * @property {(pattern: RegExp) => Promise<RegExpExecArray>} prints resolves when the standard output has a
 * match; rejects if the program ends before
 * @property {() => Promise<void>} ends resolves when it exits with code 0; rejects for any other code
 * @property {() => Promise<void>} stop sends SIGTERM, and waits for the end
 * @property {() => void} kill
 * @property {() => string} output standard output and standard error
 * @property {() => string} errors standard error
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Program}
 */
export function startProgram(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const output = () => `${stdout}${stderr}`;
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  const alarm = setTimeout(() => child.kill('SIGKILL'), MOST_MILLIS);
  ended.finally(() => clearTimeout(alarm)).catch(() => {});

  /** @param {RegExp} pattern @returns {Promise<RegExpExecArray>} */
  async function prints(pattern) {
    for (;;) {
      const match = pattern.exec(stdout);
      if (match !== null) return match;
      const more = once(child.stdout, 'data');
      const how = await Promise.race([more.then(() => undefined), ended]);
      if (how !== undefined && !pattern.test(stdout)) {
        throw new Error(
          `the program ended (${how.code ?? how.signal}) without printing ${pattern}\n${output()}`,
        );
      }
    }
  }
  return {
    prints,
    async ends() {
      const { code, signal } = await ended;
      if (code !== 0) throw new Error(`the program ended with ${code ?? signal}\n${output()}`);
    },
    async stop() {
      child.kill('SIGTERM');
      const { code, signal } = await ended;
      if (code !== 0 && code !== TERMINATED && signal !== 'SIGTERM')
        throw new Error(`the program ended with ${code ?? signal}\n${output()}`);
    },
    kill: () => void child.kill('SIGKILL'),
    output,
    errors: () => stderr,
  };
}
