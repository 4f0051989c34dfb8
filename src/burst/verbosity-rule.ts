import { parseSeverity, type SeverityLike } from '../record/index.ts';
import { checkKnown, duration, shown } from '../settings/index.ts';

/**
 * Sets the levels of some loggers or tasks for a limited time, while the application runs. Without `logger`
 * and `task`, it applies to all records.
 */
export interface VerbosityRule {
  /**
   * The name of loggers (instrumentation scopes). `'payments'` matches this name, `'payments.*'` all names
   * that start with `payments.`. Default: all.
   */
  readonly logger?: string | undefined;
  /**
   * The name of tasks, with the same patterns: the rule applies to the records of these tasks and their
   * steps, by any logger, in this process. Default: inside and outside of tasks.
   */
  readonly task?: string | undefined;
  /**
   * Records below this severity are refused, not held. Not above `burstLevel`. Default: the option `level`.
   */
  readonly level?: SeverityLike | undefined;
  /**
   * Records at or above this severity are exported at once instead of held, even if the option `level` would
   * refuse them. Not above `burstLevel`. Default: the option `emitLevel`.
   */
  readonly emitLevel?: SeverityLike | undefined;
  /** How long the rule is active, in milliseconds. From 1; Infinity for no end. Default 600,000. */
  readonly forMillis?: number | undefined;
}

/** A rule with all defaults applied. */
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

/** @throws RangeError or TypeError with rule, option, expected and actual value */
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
      throw new TypeError(`${where} requires level or emitLevel, got neither`);
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
  throw new TypeError(`${name} must be a name, or a prefix followed by "*", got ${shown(value)}`);
}
