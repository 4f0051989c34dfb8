/**
 * A regular expression in RE2 syntax, matched in linear time, so no pattern or text can block the process.
 */
export interface Pattern {
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean;
  /** Replaces every match; returns the same string if there is none. */
  replace(text: string, replacement: string): string;
}

/** Compiles regular expressions. */
export interface Patterns {
  /** @throws Error with the reason if the pattern is invalid */
  compile(pattern: string): Pattern;
}

/**
 * Loads the package `re2js`, an optional dependency: most conditions do not need regular expressions.
 * @returns undefined if it is not installed
 */
export async function loadPatterns(): Promise<Patterns | undefined> {
  const found = await import('re2js').catch(() => undefined);
  if (found === undefined) return undefined;
  const { RE2JS, RE2JSSyntaxException } = found;
  return {
    compile(pattern) {
      try {
        const compiled = RE2JS.compile(pattern);
        return {
          // Not with a matcher, which also records positions: for some patterns that takes seconds per text.
          test: (text) => compiled.test(text),
          replace: (text, replacement) =>
            compiled.test(text)
              ? compiled.matcher(text).replaceAll(RE2JS.quoteReplacement(replacement))
              : text,
        };
      } catch (error) {
        const reason = error instanceof RE2JSSyntaxException ? error.getDescription() : String(error);
        throw new Error(
          `${JSON.stringify(pattern)} is not a valid RE2 regular expression: ${reason} (no look-around, no back-references)`,
        );
      }
    },
  };
}

/** The message if a pattern is used without the package. */
export const WITHOUT_PATTERNS =
  'regular expressions need the package re2js, which is not installed: npm install re2js';
