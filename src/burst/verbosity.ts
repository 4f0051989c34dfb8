import type { Clock } from '../record/index.ts';
import { LevelSelection } from './level-selection.ts';
import type { LevelTable } from './level-table.ts';
import { type ResolvedRule, resolveRules, type VerbosityRule } from './verbosity-rule.ts';

/** The maximum number of active rules. More indicate an error or an attack. */
const MAX_RULES = 32;

/** The rules of one call, each with its expiry on the monotonic clock. */
interface Change {
  rules: readonly { readonly rule: ResolvedRule; readonly endsAt: number }[];
}

interface VerbosityParts {
  readonly levels: LevelTable;
  readonly emitLevel: number;
  readonly burstLevel: number;
  readonly clock: Clock;
}

/**
 * Owns the level rules. Records only read `selection`, which is replaced when `configure()` is called or a
 * rule ends.
 *
 * - **Full**: `configure()` throws if more than 32 rules would be active.
 * - **Stops**: each rule ends by itself; `end()` ends all of them.
 */
export class Verbosity {
  selection: LevelSelection;
  readonly #parts: VerbosityParts;
  /** The latest change first. */
  #changes: readonly Change[] = [];
  #cancelTimer: (() => void) | undefined;
  #isEnded = false;

  constructor(parts: VerbosityParts) {
    this.#parts = parts;
    this.selection = new LevelSelection(parts.levels, parts.emitLevel, []);
  }

  /**
   * @returns a function that ends these rules
   * @throws RangeError or TypeError if a rule is invalid, or there are too many
   */
  configure(given: VerbosityRule | readonly VerbosityRule[]): () => void {
    const { burstLevel, clock } = this.#parts;
    const now = clock.monotonicNow();
    const rules = resolveRules(given, burstLevel).map((rule) => ({ rule, endsAt: now + rule.forMillis }));
    const count = this.#changes.reduce((sum, change) => sum + change.rules.length, rules.length);
    if (count > MAX_RULES) {
      throw new RangeError(
        `configure() accepts at most ${MAX_RULES} rules at the same time, got ${count} including active ones`,
      );
    }
    if (this.#isEnded || rules.length === 0) return () => {};
    const change: Change = { rules };
    this.#changes = [change, ...this.#changes];
    this.#apply();
    return () => {
      change.rules = [];
      this.#apply();
    };
  }

  /** Ends all rules. */
  end(): void {
    this.#isEnded = true;
    this.#changes = [];
    this.#apply();
  }

  #apply(): void {
    const { levels, emitLevel, clock } = this.#parts;
    const now = clock.monotonicNow();
    for (const change of this.#changes) change.rules = change.rules.filter(({ endsAt }) => endsAt > now);
    this.#changes = this.#changes.filter(({ rules }) => rules.length > 0);
    const rules = this.#changes.flatMap((change) => change.rules);
    this.selection = new LevelSelection(
      levels,
      emitLevel,
      rules.map(({ rule }) => rule),
    );
    this.#cancelTimer?.();
    const next = Math.min(...rules.map(({ endsAt }) => endsAt));
    // `next` is also Infinity if there are no rules.
    this.#cancelTimer =
      next === Number.POSITIVE_INFINITY ? undefined : clock.after(next - now, () => this.#apply());
  }
}
