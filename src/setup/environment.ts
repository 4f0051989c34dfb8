import { type Fields, type Group, suggestion } from '../settings/index.ts';
import { readText } from './text-form.ts';

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PREFIX = 'BURSTLOG_';

/** `emitLevel` is `BURSTLOG_EMIT_LEVEL`, `slowerThanMillis` is `BURSTLOG_SLOWER_THAN`. */
export function variableOf(option: string): string {
  const words = option.replace(/Millis$/, '').replaceAll(/[A-Z]/g, (letter) => `_${letter}`);
  return PREFIX + words.toUpperCase();
}

/**
 * Reads the options that the environment sets. Invalid values are reported and ignored; unknown `BURSTLOG_*`
 * names are reported. An empty variable counts as not set.
 */
export function readEnvironment<F extends Fields>(
  definition: Group<F>,
  environment: Environment,
  report: (message: string) => void,
): Partial<Record<keyof F, unknown>> {
  const given: Partial<Record<keyof F, unknown>> = {};
  const options = Object.keys(definition.fields);
  for (const option of options) {
    const raw = environment[variableOf(option)]?.trim();
    if (raw === undefined || raw === '') continue;
    const value = readText(option, definition.fields[option]!, raw, (message) =>
      report(`${variableOf(option)} ${message}; it is ignored`),
    );
    if (value !== undefined) given[option as keyof F] = value;
  }
  const known = options.map(variableOf);
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    report(`${name} is not known${suggestion(name, known)}`);
  }
  return given;
}
