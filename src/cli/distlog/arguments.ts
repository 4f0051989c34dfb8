import { parseArgs } from 'node:util';
import { USAGE } from './exit-codes.ts';

/** What `distlog tree` was asked to do. */
export interface TreeArguments {
  readonly files: readonly string[];
  /** The beginning of a trace id, in lower case; empty: all traces. */
  readonly trace: string;
  readonly failed: boolean;
  readonly unfold: 'failing' | 'all' | 'none';
  readonly json: boolean;
  readonly ascii: boolean;
  readonly color: 'auto' | 'always' | 'never';
  /** Absent: that of the terminal. */
  readonly width: number | undefined;
}

/** Wrong arguments; the message says which, and what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = USAGE;
}

/**
 * @returns undefined when help was asked for
 * @throws UsageError
 */
export function readArguments(args: readonly string[]): TreeArguments | undefined {
  const { values, positionals } = parsed(args);
  if (values.help === true) return undefined;
  const [command, ...files] = positionals;
  if (command !== 'tree') {
    const got = command === undefined ? 'none' : JSON.stringify(command);
    throw new UsageError(`the command must be "tree", got ${got}`);
  }
  const trace = values.trace?.toLowerCase() ?? '';
  if (values.trace !== undefined && !/^[0-9a-f]{1,32}$/.test(trace)) {
    throw new UsageError(`--trace must be 1 to 32 hex digits, got ${JSON.stringify(values.trace)}`);
  }
  return {
    files,
    trace,
    failed: values.failed === true,
    unfold: oneOf('--unfold', values.unfold, ['failing', 'all', 'none']),
    json: values.json === true,
    ascii: values.ascii === true,
    color: oneOf('--color', values.color, ['auto', 'always', 'never']),
    width: widthOf(values.width),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        trace: { type: 'string' },
        failed: { type: 'boolean' },
        unfold: { type: 'string', default: 'failing' },
        json: { type: 'boolean' },
        ascii: { type: 'boolean' },
        color: { type: 'string', default: 'auto' },
        width: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('\n', 1)[0]);
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, words: readonly T[]): T {
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw new UsageError(`${name} must be one of ${words.join(', ')}, got ${JSON.stringify(value)}`);
}

function widthOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value) && Number(value) >= 20) return Number(value);
  throw new UsageError(`--width must be a whole number from 20, got ${JSON.stringify(value)}`);
}
