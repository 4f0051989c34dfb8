import { Severity, type SeverityName } from '../record/index.ts';

const PREFIX = 'SEVERITY_NUMBER_';

/** The number of an enum name such as `SEVERITY_NUMBER_INFO`; undefined for any other value. */
export function severityNumberOf(name: unknown): number | undefined {
  if (typeof name !== 'string' || !name.startsWith(PREFIX)) return undefined;
  const short = name.slice(PREFIX.length);
  return Object.hasOwn(Severity, short) ? Severity[short as SeverityName] : undefined;
}
