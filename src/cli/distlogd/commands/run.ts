import { errorText } from '../../../record/index.ts';
import { type Command, configOptions, type Given } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { alarming, type Io } from '../io.ts';
import { loadConfig } from '../load-config.ts';
import type { RunningDaemon } from '../parts.ts';

export const run: Command = {
  name: 'run',
  summary: 'runs the daemon until SIGTERM or SIGINT',
  details: [
    'SIGHUP reads the configuration again; if it is wrong, the old one stays. SIGTERM and SIGINT end it: receivers',
    'close, sinks go on for shutdown.drain at most; a second one ends it at once, which loses nothing acknowledged.',
    'Exit codes: 78 the configuration is wrong, 73 the data directory is in use or cannot be used, 1 it cannot go on.',
  ],
  options: configOptions,
  async run(given, io, parts) {
    const loaded = await loadConfig(given, io);
    if (loaded === undefined) return ExitCode.CONFIG;
    if (parts.startDaemon === undefined) {
      io.err('distlogd run: the daemon is not part of this build');
      return ExitCode.SOFTWARE;
    }
    // Before the start: whoever reads that it is ready may send a signal at once.
    const signals = new Signals(given, io);
    try {
      const starting = parts.startDaemon(loaded, { version: io.version });
      const daemon = await Promise.race([starting, signals.insisted]);
      if (typeof daemon === 'number') return daemon;
      return await untilEnd(daemon, signals, io);
    } catch (error) {
      io.err(alarming(io, `distlogd: ${messageOf(error)}; not started`));
      return isAboutData(error) ? ExitCode.CANNOT_CREATE : ExitCode.FAILED;
    } finally {
      signals.ignore();
    }
  },
};

/** Serves signals until the daemon has ended, or somebody insists. */
async function untilEnd(daemon: RunningDaemon, signals: Signals, io: Io): Promise<ExitCode> {
  try {
    signals.serve(daemon);
    return await Promise.race([signals.insisted, daemon.ended.then(() => ExitCode.OK)]);
  } catch (error) {
    io.err(alarming(io, `distlogd: ${messageOf(error)}; ended`));
    return ExitCode.FAILED;
  }
}

/** What comes while the daemon starts is done when it has started. */
class Signals {
  #daemon: RunningDaemon | undefined;
  readonly #given: Given;
  readonly #io: Io;
  readonly #unlisten: readonly (() => void)[];
  #isStopping = false;
  #wantsReload = false;
  #reloading: Promise<void> = Promise.resolve();
  #insist: (code: ExitCode) => void = () => {};
  /** Resolves at the second signal to end. */
  readonly insisted = new Promise<ExitCode>((done) => {
    this.#insist = done;
  });

  constructor(given: Given, io: Io) {
    this.#given = given;
    this.#io = io;
    this.#unlisten = [
      io.onSignal('SIGTERM', () => this.#stop()),
      io.onSignal('SIGINT', () => this.#stop()),
      io.onSignal('SIGHUP', () => {
        this.#wantsReload = true;
        this.#reloadLater();
      }),
    ];
  }

  serve(daemon: RunningDaemon): void {
    this.#daemon = daemon;
    if (this.#isStopping) this.#end(daemon);
    else this.#reloadLater();
  }

  ignore(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #stop(): void {
    if (this.#isStopping) return this.#insist(ExitCode.FAILED);
    this.#isStopping = true;
    if (this.#daemon !== undefined) this.#end(this.#daemon);
  }

  #end(daemon: RunningDaemon): void {
    // What goes wrong at the end comes through `ended`.
    daemon.stop().catch(() => {});
  }

  /** One after the other: the last file that was written is the one that holds. */
  #reloadLater(): void {
    const daemon = this.#daemon;
    if (daemon === undefined || !this.#wantsReload) return;
    this.#wantsReload = false;
    this.#reloading = this.#reloading.then(() => this.#reload(daemon));
  }

  async #reload(daemon: RunningDaemon): Promise<void> {
    if (this.#isStopping) return;
    try {
      const loaded = await loadConfig(this.#given, this.#io);
      if (loaded === undefined) {
        this.#io.err('distlogd: the new configuration is wrong; the old one stays');
        return;
      }
      await daemon.reload(loaded);
      this.#io.err('distlogd: the new configuration holds');
    } catch (error) {
      this.#io.err(alarming(this.#io, `distlogd: ${messageOf(error)}; the old configuration stays`));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : errorText(error);
}

function isAboutData(error: unknown): boolean {
  const codes = ['in_use', 'newer', 'foreign', 'not_a_directory', 'not_writable'];
  return codes.includes(String((error as { code?: unknown } | null)?.code));
}
