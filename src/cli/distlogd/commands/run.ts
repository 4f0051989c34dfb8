import type { LoadedConfig } from '../../../config/index.ts';
import { errorText } from '../../../record/index.ts';
import { type Command, command } from '../../command.ts';
import { ExitCode } from '../../exit-code.ts';
import type { Io } from '../../io.ts';
import { configOptions, type GivenConfig, loadConfig } from '../load-config.ts';
import { untilOrphaned } from '../orphaned.ts';

/** A daemon that is ready: its sockets are open. */
export interface RunningDaemon {
  /**
   * Applies another configuration. @throws (rejects) with what cannot change; the previous one then stays
   * active
   */
  reload(loaded: LoadedConfig): Promise<void>;
  /**
   * Closes the receivers, lets the sinks write within `shutdown.drain`, then closes them. May be called
   * twice.
   */
  stop(): Promise<void>;
  /** Resolves after `stop()`; rejects if the daemon cannot continue, for example after a disk error. */
  readonly ended: Promise<void>;
}

/** @throws (rejects) with what to change if it cannot start; nothing is left open */
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
      'SIGHUP reloads the configuration; if it is invalid, the previous one stays active. On SIGTERM and SIGINT the',
      'receivers close, and the sinks write for at most shutdown.drain. A second signal ends it at once; no',
      'acknowledged record is lost.',
      'Exit codes: 78 invalid configuration, 73 the data directory is in use or cannot be used, 1 fatal error.',
    ],
    options: configOptions,
    async run({ values }, io) {
      const loaded = await loadConfig(values, io);
      if (loaded === undefined) return ExitCode.CONFIG;
      const starting = startDaemon(loaded, { version: io.version });
      // Installed before the start completes: without a listener, SIGTERM and SIGHUP end the process at once.
      const signals = new Signals(starting, values, io);
      try {
        return await Promise.race([signals.forced, untilEnd(starting, io)]);
      } catch (error) {
        io.alarm(`distlogd: ${messageOf(error)}; not started`);
        return isAboutData(error) ? ExitCode.CANNOT_CREATE : ExitCode.FAILED;
      } finally {
        signals.ignore();
      }
    },
  });
}

/** @throws (rejects) if it does not start */
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

/** Handles signals; those that arrive before the daemon is ready are handled when it is. */
class Signals {
  readonly #starting: Promise<RunningDaemon>;
  readonly #given: GivenConfig;
  readonly #io: Io;
  readonly #unlisten: readonly (() => void)[];
  #isStopping = false;
  #reloading: Promise<void> = Promise.resolve();
  #force: (code: ExitCode) => void = () => {};
  /** Resolves at the second termination signal. */
  readonly forced = new Promise<ExitCode>((done) => {
    this.#force = done;
  });

  constructor(starting: Promise<RunningDaemon>, given: GivenConfig, io: Io) {
    this.#starting = starting;
    this.#given = given;
    this.#io = io;
    this.#unlisten = [
      io.onSignal('SIGTERM', () => this.#stop()),
      io.onSignal('SIGINT', () => this.#stop()),
      untilOrphaned(io, () => {
        io.err('distlogd: the npx process that started it has ended; stopping');
        this.#stop();
      }),
      io.onSignal('SIGHUP', () => {
        // Sequentially, so that the last written file is applied last.
        this.#reloading = this.#reloading.then(() => this.#reload());
      }),
    ];
  }

  ignore(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #stop(): void {
    if (this.#isStopping) return this.#force(ExitCode.FAILED);
    this.#isStopping = true;
    // The caller of the start reports its errors; errors of the end are reported through `ended`.
    this.#starting.then((daemon) => daemon.stop()).catch(() => {});
  }

  async #reload(): Promise<void> {
    try {
      const daemon = await this.#starting;
      const loaded = await loadConfig(this.#given, this.#io);
      // The termination signal may have arrived while the file was read.
      if (this.#isStopping) return;
      if (loaded === undefined) {
        this.#io.err('distlogd: the new configuration is invalid; the previous configuration stays active');
        return;
      }
      await daemon.reload(loaded);
      this.#io.err('distlogd: configuration reloaded');
    } catch (error) {
      this.#io.alarm(`distlogd: ${messageOf(error)}; the previous configuration stays active`);
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
