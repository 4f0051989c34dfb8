import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findVictoriaLogs } from '../../scripts/victoria-logs.js';

const { path, reason } = findVictoriaLogs();
if (path === undefined) console.warn(`VictoriaLogs is not tested: ${reason}`);

/** A jest `describe` for tests that need VictoriaLogs. Where there is none they are skipped. */
export const describeWithVictoriaLogs: typeof describe | typeof describe.skip =
  path === undefined ? describe.skip : describe;

/** Processes of a real VictoriaLogs, in a folder that `stop` removes. */
export class VictoriaLogs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'victoria-logs-'));
  readonly #children: ChildProcess[] = [];

  /** One process, which stores records unless it is given `-storageNode`. Resolves when it listens. */
  async start(...parameters: string[]): Promise<URL> {
    const data = join(this.#folder, String(this.#children.length));
    const child = spawn(path!, ['-httpListenAddr=127.0.0.1:0', `-storageDataPath=${data}`, ...parameters], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#children.push(child);
    return new Promise<URL>((done, failed) => {
      let output = '';
      const onExit = (code: number | null) => failed(new Error(`VictoriaLogs ended with ${code}: ${output}`));
      child.once('exit', onExit);
      child.stderr!.on('data', (text) => {
        output += text;
        const [, address] = /started server at (http:\S+)/.exec(output) ?? [];
        if (address === undefined) return;
        child.off('exit', onExit);
        done(new URL(address));
      });
    });
  }

  /** A cluster: two storage nodes, one process for intake and one for queries, as in docker-compose.fleet.yml. */
  async startCluster(): Promise<{
    readonly insert: URL;
    readonly select: URL;
    readonly nodes: readonly URL[];
  }> {
    const nodes = await Promise.all([this.start(), this.start()]);
    const storage = nodes.map(({ host }) => `-storageNode=${host}`);
    const [insert, select] = await Promise.all([
      this.start(...storage, '-select.disable'),
      this.start(...storage, '-insert.disable'),
    ]);
    return { insert, select, nodes };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = new Promise((done) => child.once('exit', done));
        child.kill();
        await ended;
      }),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
