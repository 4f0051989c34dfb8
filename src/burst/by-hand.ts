import { checkKnown, shown } from '../settings/index.ts';

/** Which keys a call by hand is for. */
export interface ByHandOptions {
  /** `'active'`: the key of the active context (default). `'all'`: every key. */
  readonly keys?: 'active' | 'all';
}

/** @throws TypeError that says option, wish and value */
export function resolveByHand(
  where: string,
  options: ByHandOptions & { readonly reason?: string },
  known: readonly string[],
): { readonly keys: 'active' | 'all'; readonly reason: string | undefined } {
  checkKnown(where, options, known);
  const { keys = 'active', reason } = options;
  if (keys !== 'active' && keys !== 'all') {
    throw new TypeError(`keys must be "active" or "all", got ${shown(keys)}`);
  }
  if (reason !== undefined && typeof reason !== 'string') {
    throw new TypeError(`reason must be a string, got ${shown(reason)}`);
  }
  return { keys, reason };
}
