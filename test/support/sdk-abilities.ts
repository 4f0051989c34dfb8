import { readFileSync } from 'node:fs';

// By its path: SDKs of the 3.x line do not export their package.json.
const [folder = ''] = /^.*[/\\]sdk-logs[/\\]/.exec(require.resolve('@opentelemetry/sdk-logs')) ?? [];
const manifest = readFileSync(`${folder}package.json`, 'utf8');

/** The oldest supported SDK: what it cannot do stands in docs/burst.md, "Older SDKs". */
const isOldest = (JSON.parse(manifest) as { version: string }).version === '0.203.0';

/** Whether `emit({ exception })` writes anything on the record. */
export const recordsExceptions = !isOldest;

/** Whether a logger has `enabled()`; without, a record below `level` is made, and numbered by its task, before it is refused. */
export const hasEnabled = !isOldest;

/** `test`, for what the oldest supported SDK cannot do; there the test is skipped. @param ability what it lacks */
export function needs(ability: string): jest.It {
  if (ability === '') throw new Error('name what the oldest SDK cannot do');
  return isOldest ? test.skip : test;
}
