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
    try {
      const daemon = await parts.startDaemon(loaded, { version: io.version });
      return await untilEnd(daemon, given, io);
    } catch (error) {
      io.err(alarming(io, `distlogd: ${messageOf(error)}; not started`));
      return isAboutData(error) ? ExitCode.CANNOT_CREATE : ExitCode.FAILED;
    }
  },
};

/** Serves signals until the daemon has ended, or somebody insists. */
async function untilEnd(daemon: RunningDaemon, given: Given, io: Io): Promise<ExitCode> {
  const signals = new Signals(daemon, given, io);
  try {
    return await Promise.race([signals.insisted, daemon.ended.then(() => ExitCode.OK)]);
  } catch (error) {
    io.err(alarming(io, `distlogd: ${messageOf(error)}; ended`));
    return ExitCode.FAILED;
  } finally {
    signals.ignore();
  }
}

class Signals {
  readonly #daemon: RunningDaemon;
  readonly #given: Given;
  readonly #io: Io;
  readonly #unlisten: readonly (() => void)[];
  #isStopping = false;
  #reloading: Promise<void> = Promise.resolve();
  #insist: (code: ExitCode) => void = () => {};
  /** Resolves at the second signal to end. */
  readonly insisted = new Promise<ExitCode>((done) => {
    this.#insist = done;
  });

  constructor(daemon: RunningDaemon, given: Given, io: Io) {
    this.#daemon = daemon;
    this.#given = given;
    this.#io = io;
    this.#unlisten = [
      io.onSignal('SIGTERM', () => this.#stop()),
      io.onSignal('SIGINT', () => this.#stop()),
      io.onSignal('SIGHUP', () => {
        // One after the other: the last file that was written is the one that holds.
        this.#reloading = this.#reloading.then(() => this.#reload());
      }),
    ];
  }

  ignore(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #stop(): void {
    if (this.#isStopping) return this.#insist(ExitCode.FAILED);
    this.#isStopping = true;
    // What goes wrong at the end comes through `ended`.
    this.#daemon.stop().catch(() => {});
  }

  async #reload(): Promise<void> {
    if (this.#isStopping) return;
    try {
      const loaded = await loadConfig(this.#given, this.#io);
      if (loaded === undefined) {
        this.#io.err('distlogd: the new configuration is wrong; the old one stays');
        return;
      }
      await this.#daemon.reload(loaded);
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
