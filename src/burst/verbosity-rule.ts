import { parseSeverity, type SeverityLike } from '../record/index.ts';
import { checkKnown, duration, shown } from '../settings/index.ts';

/**
 * Which levels hold, while the application runs, for some loggers or inside some tasks, and for how long.
 * Without `logger` and `task` it is for all records.
 */
export interface VerbosityRule {
  /**
   * The name of loggers (instrumentation scopes). `'payments'` stands for itself, `'payments.*'` for all that
   * begin with `payments.`. Default: all.
   */
  readonly logger?: string | undefined;
  /**
   * The name of tasks, likewise: for the records inside of them and of their steps, by any logger, in this
   * process. Default: inside and outside of tasks.
   */
  readonly task?: string | undefined;
  /** Quieter records are refused: not even held. Not above `burstLevel`. Default: as the options say. */
  readonly level?: SeverityLike | undefined;
  /**
   * From here on records are exported at once instead of held, also if the option `level` would refuse them. Not
   * above `burstLevel`. Default: as the options say.
   */
  readonly emitLevel?: SeverityLike | undefined;
  /** When the rule ends by itself, in milliseconds from 1; Infinity: never. Default 600,000. */
  readonly forMillis?: number | undefined;
}

/** A rule, decided. */
export interface ResolvedRule {
  readonly logger: string | undefined;
  readonly task: string | undefined;
  readonly level: number | undefined;
  readonly emitLevel: number | undefined;
  readonly forMillis: number;
}

const FOR_MILLIS = 600_000;
/** The options of a rule. */
const NAMES: readonly (keyof VerbosityRule)[] = ['logger', 'task', 'level', 'emitLevel', 'forMillis'];

/** @throws RangeError or TypeError that says which rule, option, expected and actual value */
export function resolveRules(
  given: VerbosityRule | readonly VerbosityRule[],
  burstLevel: number,
): readonly ResolvedRule[] {
  const rules = (Array.isArray(given) ? given : [given]) as readonly VerbosityRule[];
  return rules.map((rule, index) => {
    const where = rules.length === 1 ? 'rule' : `rule ${index + 1}`;
    checkKnown(where, rule, NAMES);
    const level = levelOf(`${where}: level`, rule.level, burstLevel);
    const emitLevel = levelOf(`${where}: emitLevel`, rule.emitLevel, burstLevel);
    if (level === undefined && emitLevel === undefined) {
      throw new TypeError(`${where} needs level or emitLevel, got neither`);
    }
    if (level !== undefined && emitLevel !== undefined && level > emitLevel) {
      throw new RangeError(
        `${where}: level must not be above emitLevel (${emitLevel}), got ${shown(rule.level)}`,
      );
    }
    return {
      logger: patternOf(`${where}: logger`, rule.logger),
      task: patternOf(`${where}: task`, rule.task),
      level,
      emitLevel,
      forMillis: duration(`${where}: forMillis`, rule.forMillis ?? FOR_MILLIS, 1),
    };
  });
}

function levelOf(name: string, value: unknown, burstLevel: number): number | undefined {
  if (value === undefined) return undefined;
  const level = parseSeverity(name, value);
  if (level <= burstLevel) return level;
  throw new RangeError(`${name} must not be above burstLevel (${burstLevel}), got ${shown(value)}`);
}

function patternOf(name: string, value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new TypeError(
    `${name} must be a name, or the start of names with a * behind it, got ${shown(value)}`,
  );
}
