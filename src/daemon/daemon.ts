import type { LoadedConfig } from '../config/index.ts';
import { type DataDirectory, openDataDirectory } from '../disk/index.ts';
import { Journal } from '../journal/index.ts';
import type { DaemonState, StatusReport } from '../operations/index.ts';
import { errorText, Severity, systemClock } from '../record/index.ts';
import type { Replayed } from '../sinks/dead-letters/index.ts';
import { GatedIntake } from './gated-intake.ts';
import { JournalCare } from './journal-care.ts';
import { neededMemory } from './memory.ts';
import { type NamedReceiver, wantedReceivers } from './receivers.ts';
import { reportOf } from './report.ts';
import { Running } from './running.ts';
import { RunningOperations } from './running-operations.ts';
import { RunningSinks } from './running-sinks.ts';
import { SelfLogs } from './self-logs.ts';

/** How long receivers may take to finish pending requests. */
const RECEIVER_GRACE_MILLIS = 2_000;

/** The parameters of a daemon other than its configuration. */
export interface DaemonContext {
  readonly version: string;
  /** The compiled `store/store-program`. Default: no store can be opened. */
  readonly storeProgram?: URL | undefined;
  /** The compiled `processors/processor-program`. Default: no processor can run. */
  readonly processorProgram?: URL | undefined;
}

/**
 * distlogd: receivers append batches to the journal, sinks read them from it. A batch is acknowledged when it
 * is in the journal and synced to disk. It is removed from the journal when every sink has written it, or may
 * skip it.
 */
export class Daemon {
  readonly #startedMillis = systemClock.monotonicNow();
  readonly version: string;
  readonly own: SelfLogs;
  readonly #directory: DataDirectory;
  readonly #journal: Journal;
  readonly #sinks: RunningSinks;
  readonly #care: JournalCare;
  readonly #intake: GatedIntake;
  readonly #receivers = new Running<NamedReceiver>({
    start: ({ receiver }) => receiver.start(),
    stop: ({ receiver }, graceMillis) => receiver.stop(graceMillis),
  });
  readonly #operations: RunningOperations;
  #loaded: LoadedConfig;
  #state: DaemonState = { state: 'starting' };
  /** The fatal error. */
  #failure: Error | undefined;
  /** The start, or the last reload. */
  #changing: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #settle: { readonly done: () => void; readonly failed: (error: Error) => void };
  /** Resolves after `stop()`; rejects after a fatal error. */
  readonly ended: Promise<void>;

  /**
   * Starts a daemon; it is ready when this resolves.
   * @throws (rejects) with the error and the setting that fixes it; nothing is left open
   */
  static async start(loaded: LoadedConfig, context: DaemonContext): Promise<Daemon> {
    const { version } = context;
    const { config } = loaded;
    const { severity, console } = config.ownRecords;
    // A console sink prints these records already.
    const prints = console && !config.sinks.some(({ type }) => type === 'console');
    const own = new SelfLogs({ severity, console: prints, version });
    const directory = await openDataDirectory(config.data);
    let daemon: Daemon | undefined;
    try {
      const journal = await Journal.open({
        directory: directory.layout.journal,
        ...config.journal,
        log: own,
        onFault: (error) => daemon?.fail(error),
      });
      daemon = new Daemon(loaded, context, own, directory, journal);
      daemon.#changing = daemon.#begin();
      await daemon.#changing;
      return daemon;
    } catch (error) {
      // Closes what was opened so far. Only the first error is reported to the caller.
      if (daemon === undefined) await directory.close();
      else await daemon.stop(0).catch(() => {});
      throw error;
    }
  }

  private constructor(
    loaded: LoadedConfig,
    { version, storeProgram, processorProgram }: DaemonContext,
    own: SelfLogs,
    directory: DataDirectory,
    journal: Journal,
  ) {
    this.#loaded = loaded;
    this.version = version;
    this.own = own;
    this.#directory = directory;
    this.#journal = journal;
    this.#sinks = new RunningSinks(
      journal,
      directory.layout,
      {
        ...{ log: own, storeProgram, processorProgram },
        ...{ journalId: journal.id, continues: (id: string) => journal.continues(id) },
      },
      loaded.config.journal.maxBytes,
    );
    this.#care = new JournalCare(journal, this.#sinks, own);
    this.#operations = new RunningOperations({
      ...{ layout: directory.layout, journal, own, storeProgram },
      view: () => ({ ...this.#state, blocked: this.blocked, report: this.report() }),
      replayDeadLetters: (sink) => this.replayDeadLetters(sink),
      viewForPeople: () => this.#sinks.viewForPeople,
    });
    this.#intake = new GatedIntake(journal, () => this.#sinks.blocking.length > 0);
    let done = () => {};
    let failed: (error: Error) => void = () => {};
    this.ended = new Promise((resolve, reject) => {
      done = resolve;
      failed = reject;
    });
    this.ended.catch(() => {});
    this.#settle = { done, failed };
  }

  /** The address of each receiver, by its name in the configuration, and of `http`. */
  get endpoints(): Readonly<Record<string, string>> {
    const all = this.#receivers.all.map(({ name, receiver }) => [name, receiver.endpoint] as const);
    const { endpoint } = this.#operations;
    return { ...Object.fromEntries(all), ...(endpoint === undefined ? {} : { http: endpoint }) };
  }

  /** The reason why no records are accepted although the daemon is ready. */
  get blocked(): string | undefined {
    return this.#care.blocked;
  }

  report(): StatusReport {
    return reportOf({
      version: this.version,
      upMillis: Math.trunc(systemClock.monotonicNow() - this.#startedMillis),
      neededMemoryBytes: neededMemory(this.#loaded.config),
      journal: this.#journal,
      receivers: this.#receivers.all,
      sinks: this.#sinks,
      own: this.own,
    });
  }

  /**
   * Applies another configuration. Components whose options have not changed keep running.
   * @throws (rejects) if it cannot be applied; the previous one is then restored, unless the daemon is
   * stopping
   */
  async reload(loaded: LoadedConfig): Promise<void> {
    // Components that start now would not be stopped.
    if (this.#stopped !== undefined) throw new Error('the daemon is stopping');
    const old = this.#loaded;
    for (const name of ['data', 'journal', 'ownRecords'] as const) {
      if (JSON.stringify(loaded.config[name]) === JSON.stringify(old.config[name])) continue;
      throw new Error(`${name} cannot change at run time: restart the daemon`);
    }
    this.#changing = this.#change(old, loaded);
    await this.#changing;
    this.#loaded = loaded;
    this.own.emit(Severity.INFO, 'configuration reloaded');
  }

  /**
   * Writes the dead letters of a sink to it again.
   * @throws (rejects) if the sink does not exist or is failing
   */
  replayDeadLetters(sink: string): Promise<Replayed> {
    const runner = this.#sinks.find(sink);
    if (runner === undefined) throw new Error(`no sink ${JSON.stringify(sink)}`);
    return runner.replayDeadLetters();
  }

  /** Stops the daemon after a fatal error. No further batches are acknowledged. */
  fail(error: Error): void {
    if (this.#state.state === 'failed') return;
    this.#state = { state: 'failed', reason: errorText(error) };
    this.#failure = error;
    this.#care.isPaused = true;
    this.own.emit(Severity.FATAL, `fatal error: ${errorText(error)}`);
    this.stop(0).catch(() => {});
  }

  /**
   * Closes the receivers, lets the sinks write for a bounded time, and closes the rest; a failing step does
   * not prevent the others. The sinks write the remaining records after the next start. May be called twice.
   */
  stop(drainMillis: number = this.#loaded.config.shutdown.drainMillis): Promise<void> {
    this.#stopped ??= this.#stop(drainMillis);
    return this.#stopped;
  }

  async #begin(): Promise<void> {
    this.own.attach(this.#journal);
    await this.#take(this.#loaded);
    await this.#care.start();
    if (this.#failure !== undefined) throw this.#failure;
    this.#state = { state: 'ready' };
    this.own.emit(Severity.INFO, `ready: ${listOf(this.endpoints)}`, { data: this.#directory.layout.root });
  }

  /**
   * Applies a configuration. The journal is not trimmed in the meantime, because a sink that is being
   * replaced has no position.
   */
  async #change(old: LoadedConfig, loaded: LoadedConfig): Promise<void> {
    await this.#care.pause();
    try {
      await this.#take(loaded);
    } catch (error) {
      await this.#take(old).catch((second) => {
        this.fail(new Error(`the previous configuration cannot be restored: ${errorText(second)}`));
      });
      throw error;
    } finally {
      this.#care.isPaused = this.#failure !== undefined;
    }
  }

  /** Applies a configuration to sinks before receivers, so that received records have a destination. */
  async #take(loaded: LoadedConfig): Promise<void> {
    const { drainMillis } = loaded.config.shutdown;
    await this.#sinks.take(loaded, drainMillis);
    await this.#receivers.take(wantedReceivers(loaded, this.#intake, this.own), RECEIVER_GRACE_MILLIS);
    await this.#operations.take(loaded);
  }

  async #stop(drainMillis: number): Promise<void> {
    // Keeps the process alive until the end of this method.
    const release = systemClock.after(drainMillis + 10_000, () => {}, true);
    if (this.#state.state !== 'failed') {
      this.#state = { state: 'draining', reason: 'the daemon is stopping' };
      this.own.emit(Severity.INFO, 'stopping');
    }
    this.#care.stop();
    // Waits for a running start or reload, whose components would otherwise stay open.
    await this.#changing?.catch(() => {});
    const errors: unknown[] = [];
    const steps = [
      () => this.#receivers.stop(RECEIVER_GRACE_MILLIS),
      () => this.own.flush(),
      () => this.#sinks.stop(drainMillis),
      () => this.#care.trim(),
      () => this.#operations.stopReading(),
      () => this.own.close(),
      () => this.#journal.close(),
      () => this.#operations.stop(),
      () => this.#directory.close(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    release();
    // The error was logged by `fail`.
    if (this.#failure !== undefined) return this.#settle.failed(this.#failure);
    if (errors.length === 0) return this.#settle.done();
    const error = new Error(`the daemon did not stop cleanly: ${errors.map(errorText).join('; ')}`);
    this.#settle.failed(error);
    throw error;
  }
}

function listOf(endpoints: Readonly<Record<string, string>>): string {
  return Object.entries(endpoints)
    .map(([name, endpoint]) => `${name} ${endpoint}`)
    .join(', ');
}
