import type { EntryView } from '../component/index.ts';
import type { LoadedConfig } from '../config/index.ts';
import type { DataLayout } from '../disk/index.ts';
import type { Journal } from '../journal/index.ts';
import { LiveTap, type Operated, OperationsServer } from '../operations/index.ts';
import { errorText, Severity } from '../record/index.ts';
import { StoreReaders } from '../store/index.ts';
import { Running, type Wanted } from './running.ts';
import type { SelfLogs } from './self-logs.ts';

interface Tools {
  readonly layout: DataLayout;
  readonly journal: Journal;
  readonly own: SelfLogs;
  readonly storeProgram: URL | undefined;
  readonly view: Operated['view'];
  readonly replayDeadLetters: Operated['replayDeadLetters'];
  /** The records that `tail` shows; undefined: all. */
  readonly viewForPeople: () => EntryView | undefined;
}

/**
 * Serves queries about the daemon and its records: the HTTP server, a server on a Unix domain socket for
 * programs of this user, and the store readers behind both.
 */
export class RunningOperations {
  readonly #tools: Tools;
  readonly #http = new Running<OperationsServer>({
    start: (server) => server.start(),
    stop: (server) => server.stop(),
  });
  readonly #local = new Running<OperationsServer>({
    start: (server) => this.#startLocal(server),
    stop: (server) => server.stop(),
  });
  readonly #readers = new Running<StoreReaders>({
    start: async () => {},
    stop: (readers) => readers.close(),
  });
  readonly #tap: LiveTap;

  constructor(tools: Tools) {
    this.#tools = tools;
    this.#tap = new LiveTap(tools.journal, tools.viewForPeople);
  }

  /** The address of the HTTP server; undefined if it is disabled. */
  get endpoint(): string | undefined {
    return this.#http.all[0]?.endpoint;
  }

  /** Applies a configuration, see {@link Running.take}. */
  async take(loaded: LoadedConfig): Promise<void> {
    await this.#readers.take(this.#wantedReaders(loaded), 0);
    await this.#http.take(this.#wantedHttp(loaded), 0);
    await this.#local.take(this.#wantedLocal(loaded), 0);
  }

  /** Closes the readers of the journal and the store. The servers still respond. */
  async stopReading(): Promise<void> {
    await this.#tap.close();
    await this.#readers.stop(0);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#http.stop(0), this.#local.stop(0)]);
  }

  #wantedHttp(loaded: LoadedConfig): readonly Wanted<OperationsServer>[] {
    const { http } = loaded.config;
    if (http === undefined) return [];
    const access = loaded.secrets.forServer(http);
    const options = { address: http.endpoint, ...access, setting: 'http.endpoint' };
    const make = () => new OperationsServer({ ...options, ...this.#operated(loaded) });
    return [{ made: JSON.stringify([http, access]), make }];
  }

  #wantedLocal(loaded: LoadedConfig): readonly Wanted<OperationsServer>[] {
    if (process.platform === 'win32') return [];
    const address = { path: this.#tools.layout.socket };
    const make = () => new OperationsServer({ address, setting: 'data', ...this.#operated(loaded) });
    return [{ made: address.path, make }];
  }

  /** Logs a warning if the local server cannot start; the daemon runs without it. */
  async #startLocal(server: OperationsServer): Promise<void> {
    await server.start().catch((error: unknown) => {
      const { layout, own } = this.#tools;
      own.emit(
        Severity.WARN,
        `cannot listen on ${layout.socket}: ${errorText(error)}; distlog needs http.endpoint`,
      );
    });
  }

  /** Returns readers of the first store. */
  #wantedReaders({ config }: LoadedConfig): readonly Wanted<StoreReaders>[] {
    const { own, storeProgram: program } = this.#tools;
    const directory = config.sinks.flatMap((sink) => (sink.type === 'store' ? [sink.path] : []))[0];
    if (directory === undefined || program === undefined) return [];
    const onWarning = (message: string) => own.emit(Severity.WARN, `store: ${message}`);
    return [{ made: directory, make: () => new StoreReaders({ program, directory, onWarning }) }];
  }

  #operated({ extensions }: LoadedConfig): Operated {
    const { view, replayDeadLetters } = this.#tools;
    const records = { store: () => this.#readers.all[0], tap: this.#tap, patterns: extensions.patterns };
    return { view, replayDeadLetters, records };
  }
}
