import type { LoadedConfig } from '../../../config/index.ts';
import { errorText } from '../../../record/index.ts';
import { type Command, command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import type { Io } from '../../io.ts';
import { configOptions, type GivenConfig, loadConfig } from '../load-config.ts';
import { untilOrphaned } from '../orphaned.ts';

/** A daemon that is ready: its sockets are open. */
export interface RunningDaemon {
  /** Takes on another configuration. @throws (rejects) with what cannot change; the old one goes on then */
  reload(loaded: LoadedConfig): Promise<void>;
  /** Closes the receivers, lets the sinks go on within `shutdown.drain`, closes. May be called twice. */
  stop(): Promise<void>;
  /** Resolves after `stop()`; rejects when the daemon cannot go on, e.g. after an error of the disk. */
  readonly ended: Promise<void>;
}

/** @throws (rejects) when it cannot start, with what to change; nothing is left open */
export type StartDaemon = (
  loaded: LoadedConfig,
  context: { readonly version: string },
) => Promise<RunningDaemon>;

/** The command that runs a daemon. */
export function run(startDaemon: StartDaemon): Command {
  return command({
    name: 'run',
    summary: 'runs the daemon until SIGTERM or SIGINT',
    details: [
      'SIGHUP reloads the configuration; if it is invalid, the old one stays. On SIGTERM and SIGINT the receivers',
      'close, and sinks write for shutdown.drain at most. A second signal ends it at once; no acknowledged record is lost.',
      'Exit codes: 78 the configuration is wrong, 73 the data directory is in use or cannot be used, 1 fatal error.',
    ],
    options: configOptions,
    async run({ values }, io) {
      const loaded = await loadConfig(values, io);
      if (loaded === undefined) return ExitCode.CONFIG;
      const starting = startDaemon(loaded, { version: io.version });
      // From here on, not from the end of the start: until somebody listens, SIGTERM and SIGHUP end a process at once.
      const signals = new Signals(starting, values, io);
      try {
        return await Promise.race([signals.insisted, untilEnd(starting, io)]);
      } catch (error) {
        io.alarm(`distlogd: ${messageOf(error)}; not started`);
        return isAboutData(error) ? ExitCode.CANNOT_CREATE : ExitCode.FAILED;
      } finally {
        signals.ignore();
      }
    },
  });
}

/** @throws (rejects) when it does not start */
async function untilEnd(starting: Promise<RunningDaemon>, io: Io): Promise<ExitCode> {
  const daemon = await starting;
  try {
    await daemon.ended;
    return ExitCode.OK;
  } catch (error) {
    io.alarm(`distlogd: ${messageOf(error)}; ended`);
    return ExitCode.FAILED;
  }
}

/** Serves signals; those that come before the daemon is ready, when it is. */
class Signals {
  readonly #starting: Promise<RunningDaemon>;
  readonly #given: GivenConfig;
  readonly #io: Io;
  readonly #unlisten: readonly (() => void)[];
  #isStopping = false;
  #reloading: Promise<void> = Promise.resolve();
  #insist: (code: ExitCode) => void = () => {};
  /** Resolves at the second signal to end. */
  readonly insisted = new Promise<ExitCode>((done) => {
    this.#insist = done;
  });

  constructor(starting: Promise<RunningDaemon>, given: GivenConfig, io: Io) {
    this.#starting = starting;
    this.#given = given;
    this.#io = io;
    this.#unlisten = [
      io.onSignal('SIGTERM', () => this.#stop()),
      io.onSignal('SIGINT', () => this.#stop()),
      untilOrphaned(io, () => {
        io.err('distlogd: npx, which started it, has ended; stopping');
        this.#stop();
      }),
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
    // What goes wrong at the start is reported by who started it, what goes wrong at the end comes through `ended`.
    this.#starting.then((daemon) => daemon.stop()).catch(() => {});
  }

  async #reload(): Promise<void> {
    try {
      const daemon = await this.#starting;
      const loaded = await loadConfig(this.#given, this.#io);
      // Also if the signal to end came while the file was read.
      if (this.#isStopping) return;
      if (loaded === undefined) {
        this.#io.err('distlogd: the new configuration is wrong; the old configuration stays');
        return;
      }
      await daemon.reload(loaded);
      this.#io.err('distlogd: configuration reloaded');
    } catch (error) {
      this.#io.alarm(`distlogd: ${messageOf(error)}; the old configuration stays`);
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
