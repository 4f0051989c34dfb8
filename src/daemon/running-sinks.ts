import { join } from 'node:path';
import type { JournalView } from '../component/index.ts';
import type { SinkConfig } from '../config/index.ts';
import type { DataLayout } from '../disk/index.ts';
import type { SinkReport } from '../operations/index.ts';
import { cursorFileOf, RemovedSinks, SinkRunner, WriteTurns } from '../sinks/runner/index.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { makeSink, type SinkTools } from './make-sink.ts';

/** Where the dead letters of a sink are. */
export function deadLetterDirectory(layout: DataLayout, sink: string): string {
  return join(layout.deadLetters, encodeURIComponent(sink));
}

interface RunningSink {
  readonly config: SinkConfig;
  /** All that its making depended on, as text. */
  readonly made: string;
  readonly runner: SinkRunner;
}

/** The sinks of the daemon, each with its runner. */
export class RunningSinks {
  readonly #journal: JournalView;
  readonly #layout: DataLayout;
  readonly #tools: SinkTools;
  readonly #writeTurns = new WriteTurns();
  readonly #removed: RemovedSinks;
  #sinks: readonly RunningSink[] = [];

  /** @param maxBytes size of the whole journal: those who are gone may keep half of it */
  constructor(journal: JournalView, layout: DataLayout, tools: SinkTools, maxBytes: number) {
    this.#journal = journal;
    this.#layout = layout;
    this.#tools = tools;
    const { log } = tools;
    this.#removed = new RemovedSinks({ journal, directory: layout.sinks, maxBytes: maxBytes / 2, log });
  }

  /** The sinks that must not miss anything and are too far behind, by name. */
  get blocking(): readonly string[] {
    return this.#sinks.filter(({ runner }) => runner.blocking).map(({ config }) => config.name);
  }

  /** What lies before it has been taken by all sinks, also by those that were removed with a backlog. */
  get position(): number {
    return this.#sinks.reduce(
      (least, { runner }) => Math.min(least, runner.position),
      Math.min(this.#journal.next, this.#removed.position),
    );
  }

  get all(): readonly RunningSink[] {
    return this.#sinks;
  }

  find(name: string): SinkRunner | undefined {
    return this.#sinks.find(({ config }) => config.name === name)?.runner;
  }

  /**
   * Runs the sinks of a configuration: those that are as they were go on, others end and are begun anew. Of a sink
   * that was removed the journal keeps the backlog, see `RemovedSinks`.
   * @throws (rejects) if one cannot begin; those that went on do so, the others have ended
   */
  async take(loaded: LoadedConfig, drainMillis: number): Promise<void> {
    const wanted = loaded.config.sinks.map((config) => ({ config, made: madeOf(config, loaded) }));
    const stays = (sink: RunningSink) => wanted.some(({ made }) => made === sink.made);
    const ends = this.#sinks.filter((sink) => !stays(sink));
    // The journal must not be trimmed beyond a sink that is begun anew.
    await Promise.all(ends.map(({ runner }) => runner.stop(drainMillis)));
    const kept = this.#sinks.filter(stays);
    const next: RunningSink[] = [];
    try {
      for (const { config, made } of wanted) {
        const running = kept.find((sink) => sink.made === made);
        next.push(running ?? (await this.#begin(config, made, loaded)));
      }
    } finally {
      // After a fault those that went on are still ours, also those behind it.
      this.#sinks = [...next, ...kept.filter((sink) => !next.includes(sink))];
    }
    await this.#removed.take(new Set(loaded.config.sinks.map(({ name }) => name)));
  }

  /** Releases the backlogs of removed sinks that are to be released. To be called once a second. */
  checkRemoved(): Promise<void> {
    return this.#removed.check();
  }

  /** How all of them are, those that were removed with a backlog included. */
  reports(): readonly SinkReport[] {
    return [
      ...this.#sinks.map(({ config, runner }) => ({ type: config.type, ...runner.stats() })),
      ...this.#removed.stats().map((stats) => ({ type: 'removed', ...stats })),
    ];
  }

  /** Lets all go on for so long, then ends them. */
  async stop(drainMillis: number): Promise<void> {
    await Promise.all(this.#sinks.map(({ runner }) => runner.stop(drainMillis)));
  }

  async #begin(config: SinkConfig, made: string, loaded: LoadedConfig): Promise<RunningSink> {
    const { name, maxBehind, onFull, start, retry, deadLetters } = config;
    const runner = new SinkRunner({
      name,
      sink: makeSink(config, loaded, this.#tools),
      journal: this.#journal,
      cursorFile: cursorFileOf(this.#layout.sinks, name),
      deadLetterDirectory: deadLetterDirectory(this.#layout, name),
      log: this.#tools.log,
      maxBehind,
      onFull,
      start,
      retry,
      deadLetters,
      writeTurns: this.#writeTurns,
    });
    await runner.start();
    return { config, made, runner };
  }
}

/** With what its files hold: a certificate that was replaced is a change too. */
function madeOf(config: SinkConfig, { secrets }: LoadedConfig): string {
  const tls = config.type === 'otlp' && config.tls !== undefined ? secrets.forClient(config.tls) : undefined;
  return JSON.stringify([config, tls === undefined ? '' : Object.values(tls).map(String)]);
}
