import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Oracle } from './oracle.js';
import { killAllDaemons, RealDaemon } from './real-daemon.js';
import { killAllSenders, RealSender } from './real-sender.js';

const program = join(__dirname, '../../../../dist/esm/cli/distlogd.js');
const sender = join(__dirname, '../programs/sender.js');

/** A folder for each test, and processes that end with it. */
export class PromiseTest {
  readonly folder: string;
  readonly notes: string;

  constructor() {
    if (!existsSync(program)) throw new Error('the package is not built: run `node scripts/build.js` first');
    this.folder = mkdtempSync(join(tmpdir(), 'distlogd-promise-'));
    this.notes = join(this.folder, 'notes');
  }

  /** The real distlogd, not started. */
  daemon(options: ConstructorParameters<typeof RealDaemon>[2] = {}): RealDaemon {
    return new RealDaemon(this.folder, program, options);
  }

  /** A real application that sends numbers. */
  sender(endpoint: string, settings: Readonly<Record<string, unknown>>): RealSender {
    const { exporter, ...rest } = settings;
    return new RealSender(sender, {
      notes: this.notes,
      ...rest,
      exporter: { endpoint, ackTimeoutMillis: 500, ...(exporter as object | undefined) },
    });
  }

  /** The result for all numbers, from the sender's notes and the file sink's file. */
  async verdict(...files: readonly string[]) {
    const oracle = new Oracle(1_000_000);
    oracle.note(this.notes);
    for (const file of files) await oracle.read(file);
    return oracle.verdict();
  }

  async endProcesses(): Promise<void> {
    await killAllSenders();
    await killAllDaemons();
  }

  async end(): Promise<void> {
    await this.endProcesses();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
