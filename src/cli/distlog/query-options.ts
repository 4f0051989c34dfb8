import { compileCondition, loadPatterns } from '../../ottl/index.ts';
import type { RecordQuery } from '../../reader/index.ts';
import { parseDuration } from '../../text/index.ts';
import { usageError } from '../exit-code.ts';

const NANOS_PER_MILLI = 1_000_000n;

/** The options of all commands that select records. */
export const queryOptions = {
  when: {
    type: 'string',
    value: 'OTTL',
    help: 'only records that match this condition of the Collector: \'attributes["order.id"] == 25\'',
  },
  since: {
    type: 'string',
    value: 'TIME',
    help: 'only records since 5m, 2h or 1d ago, or since a date such as 2026-11-30T06:12:00Z',
  },
  until: { type: 'string', value: 'TIME', help: 'only records before this time' },
} as const;

interface GivenQuery {
  readonly when?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** @throws (rejects) CommandError that describes the error, for a condition with its column */
export async function queryOf(
  { when, since, until }: GivenQuery,
  nowMillis: number = Date.now(),
): Promise<Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>> {
  return {
    when: when === undefined ? undefined : await conditionOf(when),
    fromNanos: nanosOf('since', since, nowMillis),
    toNanos: nanosOf('until', until, nowMillis),
  };
}

async function conditionOf(text: string): Promise<RecordQuery['when']> {
  const patterns = await loadPatterns();
  try {
    return compileCondition(text, patterns);
  } catch (error) {
    throw usageError(`--when, ${(error as Error).message}`);
  }
}

function nanosOf(name: string, text: string | undefined, nowMillis: number): bigint | undefined {
  if (text === undefined) return undefined;
  const ago = parseDuration(text);
  const nanos = ago === undefined ? dateOf(text) : BigInt(nowMillis - ago) * NANOS_PER_MILLI;
  if (nanos !== undefined && nanos >= 0n) return nanos;
  const got = JSON.stringify(text);
  throw usageError(
    `--${name} must be a duration such as 5m, or a date such as 2026-11-30T06:12:00Z; got ${got}`,
  );
}

/**
 * Parses ISO 8601 exactly to the nanosecond. A date alone, or a time without a zone, is UTC, like all
 * displayed times.
 */
function dateOf(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?)?$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, date, time = '00:00', fraction = '', zone = 'Z'] = match;
  if (fraction !== '' && time.length < '00:00:00'.length) return undefined;
  const millis = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(millis)) return undefined;
  return BigInt(millis) * NANOS_PER_MILLI + BigInt(fraction.padEnd(9, '0'));
}

/** @throws CommandError */
export function limitOf(text: string | undefined, most: number, ifAbsent: number): number {
  if (text === undefined) return ifAbsent;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= most) return limit;
  throw usageError(`--limit must be a whole number from 1 to ${most}; got ${JSON.stringify(text)}`);
}
