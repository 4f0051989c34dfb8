/** A regular expression in RE2's syntax, matched in linear time: no pattern and no text can hold up the program. */
export interface Pattern {
  /** Whether it matches somewhere in the text. */
  test(text: string): boolean;
  /** The text with every match replaced; the same string where nothing matches. */
  replace(text: string, replacement: string): string;
}

/** Compiles regular expressions. */
export interface Patterns {
  /** @throws Error with the reason where the pattern is not valid */
  compile(pattern: string): Pattern;
}

/**
 * The regular expressions of the package `re2js`, an optional dependency: most conditions do without.
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
          // Not by a matcher, which also keeps places: some patterns then take seconds for one text.
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

/** Why a pattern cannot be used without the package. */
export const WITHOUT_PATTERNS =
  'regular expressions need the package re2js, which is not installed: npm install re2js';
