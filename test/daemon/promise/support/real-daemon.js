// The real distlogd in a process of its own, from the built package: to be killed, stopped, and started again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every one that was started here, so that none is left when a test fails. @type {Set<RealDaemon>} */
const running = new Set();

export async function killAllDaemons() {
  for (const daemon of running) await daemon.kill();
}

/** With its folder, its configuration, and the ports it had at its first start. */
export class RealDaemon {
  #folder;
  #program;
  #config;
  #environment;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  /** @type {Promise<unknown[]>} */
  #exit = Promise.resolve([]);
  #hear = () => {};
  /** Where it listens, by the receiver's name. @type {Record<string, string>} */
  endpoints = {};
  /** What it has printed, over all its restarts. */
  said = '';

  /**
   * @param {string} folder @param {string} program path of dist/esm/cli/distlogd.js
   * @param {{ config?: any, environment?: Record<string, string> }} [more] parts of the configuration to set
   */
  constructor(folder, program, { config = {}, environment = {} } = {}) {
    this.#folder = folder;
    this.#program = program;
    this.#environment = environment;
    this.#config = {
      data: join(folder, 'data'),
      receivers: {
        zmqAck: { endpoint: 'tcp://127.0.0.1:0' },
        zmqPush: { endpoint: 'tcp://127.0.0.1:0', maxMessageBytes: '64MiB' },
      },
      sinks: { out: { type: 'file', path: this.file, rotate: { maxBytes: 0, maxAge: 0 } } },
      http: { endpoint: '127.0.0.1:0' },
      ...config,
    };
    mkdirSync(folder, { recursive: true });
  }

  /** What its file sink writes. */
  get file() {
    return join(this.#folder, 'out.jsonl');
  }

  get journal() {
    return join(this.#config.data, 'journal');
  }

  get pid() {
    return this.#child?.pid;
  }

  /** Sets other parts of the configuration, for the next start. @param {any} config */
  change(config) {
    Object.assign(this.#config, config);
  }

  /** Resolves when it is ready. @param {Record<string, string>} [environment] @throws with what it said, if it ends before */
  async start(environment = {}) {
    await this.begin(environment);
    await this.says(/ready: .*\n/);
  }

  /** Starts it, and does not wait. @param {Record<string, string>} [environment] */
  async begin(environment = {}) {
    const config = join(this.#folder, 'distlogd.yaml');
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify(this.#config));
    const child = spawn(process.execPath, [this.#program, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...this.#environment, ...environment },
    });
    this.#child = child;
    running.add(this);
    this.#exit = once(child, 'exit').then((how) => {
      running.delete(this);
      this.#hear();
      return how;
    });
    this.life = '';
    child.stderr.on('data', (piece) => {
      this.said += piece;
      this.life += piece;
      const ready = /ready: (.*?)(?: {2}.*)?\n/.exec(this.life)?.[1];
      if (ready !== undefined) this.#keep(ready);
      this.#hear();
    });
    await once(child, 'spawn');
  }

  /** What it has printed since its last start. */
  life = '';

  /** Resolves when it has printed this since its last start. @param {RegExp} text */
  async says(text) {
    while (!text.test(this.life)) {
      if (!running.has(this)) throw new Error(`distlogd ended: ${this.life}`);
      await new Promise((resolve) => {
        this.#hear = () => resolve(undefined);
      });
    }
  }

  /** @param {NodeJS.Signals} name */
  signal(name) {
    this.#child?.kill(name);
  }

  /** Ends it with SIGKILL, if it runs. */
  async kill() {
    this.signal('SIGKILL');
    await this.#exit;
  }

  /** Ends it in good order; what is in the journal goes into the sinks first. @returns exit code and signal */
  async stop() {
    this.signal('SIGTERM');
    return await this.#exit;
  }

  /** Its exit code and signal, when it has ended by itself. */
  get ended() {
    return this.#exit;
  }

  /** @returns {Promise<any>} what it answers at `/status` */
  async status() {
    const answer = await fetch(`${this.endpoints.http}/status`);
    return answer.json();
  }

  /** Hands a sink its dead letters again. @param {string} sink @returns {Promise<any>} what it answers */
  async replay(sink) {
    const answer = await fetch(`${this.endpoints.http}/dlq/replay?sink=${sink}`, { method: 'POST' });
    if (!answer.ok) throw new Error(`the replay was answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** Asks for its state until this is true. @param {(status: any) => boolean} isSo @returns {Promise<any>} the state */
  async until(isSo) {
    for (;;) {
      const status = await this.status();
      if (isSo(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The next life listens where this one did. @param {string} ready */
  #keep(ready) {
    this.endpoints = Object.fromEntries(
      ready.split(', ').map((each) => {
        const [name = '', endpoint = ''] = each.split(' ');
        return [name, endpoint];
      }),
    );
    for (const [name, endpoint] of Object.entries(this.endpoints)) {
      const part = name === 'http' ? this.#config.http : this.#config.receivers[name];
      if (part !== undefined) part.endpoint = endpoint.replace(/^https?:\/\//, '');
    }
  }
}
