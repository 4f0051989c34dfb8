import type { Clock } from '../record/index.ts';
import { LevelSelection } from './level-selection.ts';
import type { LevelTable } from './level-table.ts';
import { type ResolvedRule, resolveRules, type VerbosityRule } from './verbosity-rule.ts';

/** Rules that hold at once. More are a mistake, or an attack. */
const MAX_RULES = 32;

/** The rules of one call, each with its end on the monotonic clock. */
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
 * The levels that hold now. A record reads `selection` and decides nothing else; a call of `configure()`, and
 * the end of a rule, put another one in its place.
 *
 * - **Full**: the 33rd rule throws.
 * - **Stops**: each rule by itself, all of them with `end()`.
 */
export class Verbosity {
  selection: LevelSelection;
  readonly #parts: VerbosityParts;
  /** The latest first. */
  #changes: readonly Change[] = [];
  #cancelTimer: (() => void) | undefined;
  #isEnded = false;

  constructor(parts: VerbosityParts) {
    this.#parts = parts;
    this.selection = new LevelSelection(parts.levels, parts.emitLevel, []);
  }

  /**
   * @returns a function that ends these rules
   * @throws RangeError or TypeError when a rule is wrong, or one too many
   */
  configure(given: VerbosityRule | readonly VerbosityRule[]): () => void {
    const { burstLevel, clock } = this.#parts;
    const now = clock.monotonicNow();
    const rules = resolveRules(given, burstLevel).map((rule) => ({ rule, endsAt: now + rule.forMillis }));
    const count = this.#changes.reduce((sum, change) => sum + change.rules.length, rules.length);
    if (count > MAX_RULES) {
      throw new RangeError(
        `configure() takes at most ${MAX_RULES} rules at once, got ${count} with those in force`,
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

  /** No rule holds any more. */
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
    // Of an empty list it is Infinity as well.
    this.#cancelTimer =
      next === Number.POSITIVE_INFINITY ? undefined : clock.after(next - now, () => this.#apply());
  }
}
