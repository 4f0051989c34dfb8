import type { Context } from '@opentelemetry/api';
import { isInTask } from '../task/index.ts';
import { type LevelTable, matches } from './level-table.ts';
import type { ResolvedRule } from './verbosity-rule.ts';

/** The levels that apply to a record. */
export interface Levels {
  /** Records below this severity are refused. */
  readonly level: number;
  /** Records at or above this severity are loud. */
  readonly emitLevel: number;
}

/** The levels of one logger: inside of certain tasks, and otherwise. */
interface LoggerLevels {
  readonly inTasks: readonly { readonly task: string; readonly levels: Levels }[];
  readonly otherwise: Levels;
}

/** How many logger names are cached. It bounds memory if a program generates logger names. */
const MAX_NAMES = 10_000;

/**
 * An immutable set of level rules. `configure()` replaces it by a new one. The levels of a logger are
 * computed once and cached. The first rule that matches a record applies.
 */
export class LevelSelection {
  /** Set if the same levels apply to all records. */
  readonly only: Levels | undefined;
  /** Whether the levels of a record depend on its task. */
  readonly readsTask: boolean;
  readonly #table: LevelTable;
  readonly #emitLevel: number;
  readonly #rules: readonly ResolvedRule[];
  readonly #byName = new Map<string, LoggerLevels>();

  constructor(table: LevelTable, emitLevel: number, rules: readonly ResolvedRule[]) {
    this.#table = table;
    this.#emitLevel = emitLevel;
    this.#rules = rules;
    this.readsTask = rules.some(({ task }) => task !== undefined);
    const isSame =
      table.only !== undefined && rules.every(({ logger, task }) => (logger ?? task) === undefined);
    this.only = isSame ? this.#find('').otherwise : undefined;
  }

  of(loggerName: string, context: Context): Levels {
    const found = this.#byName.get(loggerName) ?? this.#remember(loggerName);
    for (const { task, levels } of found.inTasks) {
      if (isInTask(context, (name) => matches(task, name))) return levels;
    }
    return found.otherwise;
  }

  #remember(loggerName: string): LoggerLevels {
    // A record that was not created by the SDK may have any name, or none.
    const levels = this.#find(typeof loggerName === 'string' ? loggerName : '');
    if (this.#byName.size < MAX_NAMES) this.#byName.set(loggerName, levels);
    return levels;
  }

  #find(loggerName: string): LoggerLevels {
    const base = { level: this.#table.of(loggerName), emitLevel: this.#emitLevel };
    const rules = this.#rules.filter(({ logger }) => logger === undefined || matches(logger, loggerName));
    const last = rules.findIndex(({ task }) => task === undefined);
    const before = last < 0 ? rules : rules.slice(0, last);
    return {
      inTasks: before.map((rule) => ({ task: rule.task!, levels: changed(base, rule) })),
      otherwise: last < 0 ? base : changed(base, rules[last]!),
    };
  }
}

function changed(base: Levels, { level, emitLevel = base.emitLevel }: ResolvedRule): Levels {
  return { level: level ?? Math.min(base.level, emitLevel), emitLevel };
}
