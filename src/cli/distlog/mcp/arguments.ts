import type { RecordQuery } from '../../../reader/index.ts';
import { parseDuration } from '../../../text/index.ts';
import { queryOf } from '../query-options.ts';

/** The arguments of a call. */
export type Args = Readonly<Record<string, unknown>>;

/** The JSON Schema of arguments that most tools share. */
export const properties = {
  since: {
    type: 'string',
    description: 'Only records since this time: a duration before now such as "15m" or "2h", or ISO 8601.',
  },
  until: { type: 'string', description: 'Only records before this time, in the same form.' },
  service: { type: 'string', description: 'Only records of this service.name.' },
  when: {
    type: 'string',
    description: 'A condition in OTTL, e.g. severity_number >= 17 and attributes["order.id"] == 25.',
  },
  trace: { type: 'string', description: 'A trace id, or at least its first 8 digits.' },
} as const;

/**
 * Checks that arguments are known and have the type of the schema. @throws Error that says what is expected
 */
export function checkArguments(
  args: Args,
  schema: Readonly<Record<string, { readonly type: string }>>,
): void {
  for (const [name, value] of Object.entries(args)) {
    const type = Object.hasOwn(schema, name) ? schema[name]?.type : undefined;
    if (type === undefined) {
      throw new Error(
        `unknown argument ${JSON.stringify(name.slice(0, 100))}; expected one of ${Object.keys(schema).join(', ')}`,
      );
    }
    const isRight = type === 'integer' ? Number.isSafeInteger(value) : typeof value === type;
    if (!isRight) throw new Error(`${name} must be of type ${type}`);
    if (typeof value === 'string' && value.length > 4_096)
      throw new Error(`${name} is longer than 4096 characters`);
  }
}

export function textOf(args: Args, name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @throws Error */
export function numberOf(args: Args, name: 'limit' | 'max_lines', most: number, ifAbsent: number): number {
  const value = args[name];
  if (value === undefined) return ifAbsent;
  if (typeof value === 'number' && value >= 1 && value <= most) return value;
  throw new Error(`${name} must be a whole number from 1 to ${most}`);
}

/** Compiles the arguments `when`, `service`, `since` and `until` into a query. @throws (rejects) Error */
export async function queryIn(args: Args): Promise<Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>> {
  const service = textOf(args, 'service');
  const conditions = [
    textOf(args, 'when'),
    service === undefined ? undefined : `resource.attributes["service.name"] == ${JSON.stringify(service)}`,
  ].filter((text) => text !== undefined);
  // Compiled alone first, so that the column in an error refers to the given text.
  if (conditions.length > 1) await queryOf({ when: conditions[0] }).catch(withoutDashes);
  const when = conditions.length === 0 ? undefined : conditions.map((text) => `(${text})`).join(' and ');
  return await queryOf({
    when: conditions.length === 1 ? conditions[0] : when,
    since: textOf(args, 'since'),
    until: textOf(args, 'until'),
  }).catch(withoutDashes);
}

/** Removes the dashes from messages of the command line. */
function withoutDashes(error: unknown): never {
  throw new Error((error as Error).message.replace(/^--/, ''));
}

/** Parses a duration into seconds. @throws Error */
export function secondsIn(args: Args, name: 'slow'): number | undefined {
  const text = textOf(args, name);
  if (text === undefined) return undefined;
  const millis = parseDuration(text);
  if (millis === undefined) throw new Error(`${name} must be a duration such as "2s"`);
  return millis / 1e3;
}
