// The real distlogd in a process of its own, from the built package: to be killed, stopped, and started again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../../support/free-port.js';

/** Every one that was started here, so that none is left when a test fails. @type {Set<RealDaemon>} */
const running = new Set();

export async function killAllDaemons() {
  for (const daemon of running) await daemon.kill();
}

/** With its folder, its configuration, and ports that it keeps. */
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
    await this.#choosePorts();
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify(this.#config));
    const child = spawn(process.execPath, [this.#program, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...this.#environment, ...environment },
    });
    this.#child = child;
    running.add(this);
    // After all that it said: what comes late would be taken for the words of the next life.
    this.#exit = once(child, 'close').then((how) => {
      running.delete(this);
      this.#hear();
      return how;
    });
    this.life = '';
    child.stderr.on('data', (piece) => {
      this.said += piece;
      this.life += piece;
      const ready = /ready: (.*?)(?: {2}.*)?\n/.exec(this.life)?.[1];
      if (ready !== undefined) this.endpoints = endpointsOf(ready);
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
    const answer = await this.#ask('GET', '/status');
    return answer.json();
  }

  /** Hands a sink its dead letters again. @param {string} sink @returns {Promise<any>} what it answers */
  async replay(sink) {
    const answer = await this.#ask('POST', `/dlq/replay?sink=${sink}`);
    if (!answer.ok) throw new Error(`the replay was answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** On a connection of its own: one that was kept has ended with the process before. @param {string} method @param {string} path */
  #ask(method, path) {
    return fetch(`${this.endpoints.http}${path}`, { method, headers: { connection: 'close' } });
  }

  /** Asks for its state until this is true. @param {(status: any) => boolean} isSo @returns {Promise<any>} the state */
  async until(isSo) {
    for (;;) {
      const status = await this.status();
      if (isSo(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /**
   * It listens where it did when it is started again: no port is left to the system, which gives it to others as soon
   * as the daemon is gone.
   */
  async #choosePorts() {
    const http = await withPort(this.#config.http);
    /** @type {Record<string, any>} */
    const receivers = {};
    for (const [name, options] of Object.entries(this.#config.receivers))
      receivers[name] = await withPort(options);
    this.change({ http, receivers });
  }
}

/** @param {any} options of a receiver or the operations server @returns {Promise<any>} the same, with a port of its own for 0 */
async function withPort(options) {
  if (!options?.endpoint?.endsWith(':0')) return options;
  return { ...options, endpoint: options.endpoint.replace(/0$/, String(await freePort())) };
}

/** @param {string} ready what the daemon says when it is ready @returns {Record<string, string>} */
function endpointsOf(ready) {
  return Object.fromEntries(
    ready.split(', ').map((each) => {
      const [name = '', endpoint = ''] = each.split(' ');
      return [name, endpoint];
    }),
  );
}
