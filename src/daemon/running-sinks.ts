import { join } from 'node:path';
import type { EntryView, JournalView, ProcessorStats } from '../component/index.ts';
import { type LoadedConfig, type SinkConfig, wantedProcessors } from '../config/index.ts';
import type { DataLayout } from '../disk/index.ts';
import type { SinkReport } from '../operations/index.ts';
import { ProcessorChain } from '../processors/index.ts';
import { RuleSet } from '../rules/index.ts';
import { cursorFileOf, RemovedSinks, SinkRunner, WriteTurns } from '../sinks/runner/index.ts';
import { type DaemonTools, madeOf, makeSink } from './make-sink.ts';
import { Running } from './running.ts';

/** Returns the directory of a sink's dead letters. */
export function deadLetterDirectory(layout: DataLayout, sink: string): string {
  return join(layout.deadLetters, encodeURIComponent(sink));
}

interface RunningSink {
  readonly config: SinkConfig;
  readonly runner: SinkRunner;
}

interface RunningRules {
  /** Everything that they depend on, as text. */
  readonly made: string;
  readonly set: RuleSet;
  readonly chain: ProcessorChain;
  /** Everything that the chain depends on, as text. */
  readonly processors: string;
  /** By sink; undefined if no rule applies to it. */
  readonly views: Map<string, EntryView | undefined>;
  /** See {@link RunningSinks.viewForPeople}. */
  readonly shown: EntryView | undefined;
}

/** The sinks of the daemon, each with its runner. */
export class RunningSinks {
  readonly #journal: JournalView;
  readonly #layout: DataLayout;
  readonly #tools: DaemonTools;
  readonly #writeTurns = new WriteTurns();
  readonly #removed: RemovedSinks;
  #rules: RunningRules | undefined;
  readonly #running = new Running<RunningSink>({
    start: ({ runner }) => runner.start(),
    stop: ({ runner }, drainMillis) => runner.stop(drainMillis),
  });

  /** @param maxBytes the size of the whole journal; removed sinks may keep half of it */
  constructor(journal: JournalView, layout: DataLayout, tools: DaemonTools, maxBytes: number) {
    this.#journal = journal;
    this.#layout = layout;
    this.#tools = tools;
    const { log } = tools;
    this.#removed = new RemovedSinks({ journal, directory: layout.sinks, maxBytes: maxBytes / 2, log });
  }

  /** The names of the sinks with `onFull: block` that are too far behind. */
  get blocking(): readonly string[] {
    return this.#running.all.filter(({ runner }) => runner.blocking).map(({ config }) => config.name);
  }

  /** The position before which all sinks, including removed ones with a backlog, have written everything. */
  get position(): number {
    return this.#running.all.reduce(
      (least, { runner }) => Math.min(least, runner.position),
      Math.min(this.#journal.next, this.#removed.position),
    );
  }

  get all(): readonly RunningSink[] {
    return this.#running.all;
  }

  find(name: string): SinkRunner | undefined {
    return this.#running.all.find(({ config }) => config.name === name)?.runner;
  }

  /**
   * Applies the sinks of a configuration, see {@link Running.take}. The journal keeps the backlog of a
   * removed sink, see `RemovedSinks`. The caller must not trim the journal in the meantime.
   */
  async take(loaded: LoadedConfig, drainMillis: number): Promise<void> {
    const wanted = loaded.config.sinks.map((config) => ({
      made: madeOf(config, loaded),
      make: () => this.#make(config, loaded),
    }));
    this.#takeRules(loaded);
    await this.#running.take(wanted, drainMillis);
    await this.#removed.take(new Set(loaded.config.sinks.map(({ name }) => name)));
  }

  /** Releases the backlogs of removed sinks when they are due. Must be called once a second. */
  checkRemoved(): Promise<void> {
    return this.#removed.check();
  }

  /** Returns the statistics of all sinks, including removed ones with a backlog. */
  reports(): readonly SinkReport[] {
    return [
      ...this.#running.all.map(({ config, runner }) => ({ type: config.type, ...runner.stats() })),
      ...this.#removed.stats().map((stats) => ({ type: 'removed', ...stats })),
    ];
  }

  /** The view for clients that follow the records; undefined: all records, unchanged. */
  get viewForPeople(): EntryView | undefined {
    return this.#rules?.shown;
  }

  get processors(): readonly ProcessorStats[] {
    return this.#rules?.chain.stats() ?? [];
  }

  /** Lets all sinks write for this long, then stops them. */
  async stop(drainMillis: number): Promise<void> {
    await this.#running.stop(drainMillis);
    await this.#rules?.chain.close();
  }

  /**
   * Applies new rules. Entries that are read from now on follow the new rules; entries being written followed
   * the previous ones. No sink is stopped.
   */
  #takeRules({ config, extensions }: LoadedConfig): void {
    const { rules, match } = config;
    const wanted = wantedProcessors(config, extensions, this.#tools.processorProgram);
    const processors = JSON.stringify(wanted);
    const made = JSON.stringify([rules, match, processors]);
    const old = this.#rules;
    if (old?.made === made) return;
    const chain = old?.processors === processors ? old.chain : new ProcessorChain(wanted, this.#tools.log);
    const set = new RuleSet({ rules, match }, extensions.patterns);
    const view = set.liveView();
    const shown = wanted.length === 0 ? view : processedView(chain, () => view);
    this.#rules = { made, set, chain, processors, views: new Map(), shown };
    if (chain !== old?.chain) old?.chain.retire();
  }

  /** The view of a sink, which applies the current processors and rules. */
  #viewOf(sink: string): EntryView {
    return {
      view: async (entries, signal, isReplay) => {
        const { set, views, chain } = this.#rules!;
        const view = () => {
          if (!views.has(sink)) views.set(sink, set.viewOf(sink));
          return views.get(sink);
        };
        return await processedView(chain, view).view(entries, signal, isReplay);
      },
    };
  }

  #make(config: SinkConfig, loaded: LoadedConfig): RunningSink {
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
      view: this.#viewOf(name),
      writeTurns: this.#writeTurns,
    });
    return { config, runner };
  }
}

/** Applies the processors, then the rules; undefined: no rules. */
function processedView(chain: ProcessorChain, viewNow: () => EntryView | undefined): EntryView {
  return {
    view: async (entries, signal, isReplay) => {
      const processed = await chain.process(entries, signal, isReplay);
      const view = viewNow();
      if (view === undefined) return { ...processed, redacted: {} };
      const viewed = await view.view(processed.entries, signal, isReplay);
      return { ...processed, ...viewed, filtered: { ...processed.filtered, ...viewed.filtered } };
    },
  };
}
