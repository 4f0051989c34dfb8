/** The environment variables for a configuration, for example `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** Names of the variables in it. */
  readonly variables: readonly string[];
  /** Whether the text consists of a single reference. */
  readonly isWhole: boolean;
  readonly problems: readonly string[];
}

/**
 * Replaces `${env:NAME}` and `${env:NAME:-default}` in the same way as the Collector: the default is used if
 * the variable is not set, and `$$` is a literal `$`. Unlike in the Collector, a variable that is neither set
 * nor has a default is an error, and substituted values are not expanded again.
 *
 * Source: https://opentelemetry.io/docs/collector/configuration/#environment-variables
 */
export function substitute(text: string, environment: Environment): Substituted {
  if (!text.includes('$')) return { text, variables: [], isWhole: false, problems: [] };
  const variables: string[] = [];
  const problems: string[] = [];
  const result = text.replaceAll(
    /\$\$|\$\{([^}]*)(\}?)/g,
    (whole, inner: string | undefined, end: string) => {
      if (inner === undefined) return '$';
      const match = end === '' ? null : /^env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^$]*))?$/s.exec(inner);
      if (match === null) {
        problems.push(
          `a reference must be \${env:NAME} or \${env:NAME:-default}, and a literal $ must be $$; got another "\${"`,
        );
        return whole;
      }
      const [, name = '', instead] = match;
      variables.push(name);
      const value = (Object.hasOwn(environment, name) ? environment[name] : undefined) ?? instead;
      if (value === undefined)
        problems.push(`the environment variable ${name} is not set and has no default`);
      return value ?? '';
    },
  );
  return { text: result, variables, isWhole: /^\$\{[^}]*\}$/.test(text), problems };
}
