import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/esm/cli/distlogd.js', import.meta.url));

/** A real distlogd in its own process and folder. */
export class Distlogd {
  /** Its folder, on the disk of the temporary files. */
  directory = mkdtempSync(join(tmpdir(), 'bench-distlogd-'));
  /** The address of each receiver, by name. @type {Readonly<Record<string, string>>} */
  endpoints = {};
  /** Time from spawning the process until `/readyz` returns 200, in milliseconds. */
  readyMillis = 0;
  #child;
  #stderr = '';

  /**
   * @param {(directory: string) => string} config the configuration; `http` gets a free port here
   * @param {readonly string[]} [execArgv]
   * @returns {Promise<Distlogd>} when it is ready
   */
  static async start(config, execArgv = []) {
    const daemon = new Distlogd(config, execArgv);
    const began = performance.now();
    await daemon.#ready();
    daemon.readyMillis = performance.now() - began;
    return daemon;
  }

  /**
   * @param {(directory: string) => string} config
   * @param {readonly string[]} execArgv
   */
  constructor(config, execArgv) {
    const file = join(this.directory, 'distlogd.yaml');
    writeFileSync(
      file,
      `data: ${this.directory}/data\nhttp:\n  endpoint: 127.0.0.1:0\n${config(this.directory)}`,
    );
    this.#child = spawn(process.execPath, [...execArgv, PROGRAM, 'run', '--config', file], {
      cwd: this.directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr.setEncoding('utf8');
    this.#child.stderr.on('data', (text) => {
      this.#stderr += text;
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Its metrics, see `docs/distlogd.md`, by name and labels as they are written. */
  async metrics() {
    const response = await fetch(`${this.endpoints.http}/metrics`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
  }

  async stop() {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill();
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #ready() {
    await new Promise((resolve, reject) => {
      const look = () => {
        const line = /ready: (.*?)(?: data=.*)?$/m.exec(this.#stderr)?.[1];
        if (line === undefined || !this.#stderr.endsWith('\n')) return;
        const all = line.split(', ').map((one) => /** @type {[string, string]} */ (one.trim().split(' ', 2)));
        this.endpoints = Object.fromEntries(all);
        resolve(undefined);
      };
      this.#child.stderr.on('data', look);
      this.#child.once('exit', (code) =>
        reject(new Error(`distlogd exited with ${code}; its output: ${this.#stderr}`)),
      );
    });
    const { status } = await fetch(`${this.endpoints.http}/readyz`);
    if (status !== 200) throw new Error(`/readyz returned ${status}`);
  }
}
