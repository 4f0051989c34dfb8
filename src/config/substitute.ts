/** The environment that a configuration may refer to, e.g. `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** Names of the variables in it. */
  readonly variables: readonly string[];
  /** The text was one reference and nothing else. */
  readonly isWhole: boolean;
  readonly problems: readonly string[];
}

/**
 * `${env:NAME}` and `${env:NAME:-default}` as the Collector reads them: the default stands in for a variable that
 * is not set, `$$` is one `$`. Unlike there a variable that is neither set nor has a default is a problem, and
 * what comes from a variable is not searched again.
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
          `a reference is \${env:NAME} or \${env:NAME:-default}, and $$ is a plain $; got another "\${"`,
        );
        return whole;
      }
      const [, name = '', instead] = match;
      variables.push(name);
      const value = (Object.hasOwn(environment, name) ? environment[name] : undefined) ?? instead;
      if (value === undefined)
        problems.push(`the environment variable ${name} is not set, and no default is given`);
      return value ?? '';
    },
  );
  return { text: result, variables, isWhole: /^\$\{[^}]*\}$/.test(text), problems };
}
