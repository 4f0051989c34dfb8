import type { Context } from '@opentelemetry/api';
import { isInTask } from '../task/index.ts';
import { fits, type LevelTable } from './level-table.ts';
import type { ResolvedRule } from './verbosity-rule.ts';

/** Which records of a logger are taken, and which of these are loud. */
export interface Levels {
  /** Quieter records are refused. */
  readonly level: number;
  /** From here on records are loud. */
  readonly emitLevel: number;
}

/** What holds for one logger: inside of tasks, and otherwise. */
interface LoggerLevels {
  readonly inTasks: readonly { readonly task: string; readonly levels: Levels }[];
  readonly otherwise: Levels;
}

/** Loggers have few names; those of a program that makes them up by the thousand are not all remembered. */
const MAX_NAMES = 10_000;

/**
 * The levels that hold until something else is configured: then a new selection takes the place of this one.
 * The answer for a name is found once. Of the rules that match, the first decides.
 */
export class LevelSelection {
  /** Set when the same levels hold for all records. */
  readonly only: Levels | undefined;
  /** Whether the levels of a record depend on the task that it was emitted in. */
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
      if (isInTask(context, (name) => fits(task, name))) return levels;
    }
    return found.otherwise;
  }

  #remember(loggerName: string): LoggerLevels {
    // Records that no SDK made may have any name, or none.
    const levels = this.#find(typeof loggerName === 'string' ? loggerName : '');
    if (this.#byName.size < MAX_NAMES) this.#byName.set(loggerName, levels);
    return levels;
  }

  #find(loggerName: string): LoggerLevels {
    const base = { level: this.#table.of(loggerName), emitLevel: this.#emitLevel };
    const rules = this.#rules.filter(({ logger }) => logger === undefined || fits(logger, loggerName));
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
