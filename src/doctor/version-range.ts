/** A version range of a peer dependency: from the first, up to but excluding the second. */
type Range = readonly [from: string, before: string];

/** The ranges of `peerDependencies` in package.json. */
const supported: Readonly<Record<string, readonly Range[]>> = {
  '@opentelemetry/api': [['1.9.0', '2.0.0']],
  '@opentelemetry/sdk-logs': [
    ['0.203.0', '0.224.0'],
    ['3.0.0', '4.0.0'],
  ],
};

/** Returns the supported versions of a package as text; undefined if this version is supported or any is. */
export function unsupported(name: string, version: string): string | undefined {
  const ranges = supported[name];
  // Only the numbers of a pre-release are compared.
  if (ranges === undefined || !/^\d+\.\d+\.\d+/.test(version)) return undefined;
  const isIn = ([from, before]: Range) => compare(version, from) >= 0 && compare(version, before) < 0;
  return ranges.some(isIn) ? undefined : ranges.map(([from, before]) => `>=${from} <${before}`).join(' or ');
}

function compare(one: string, other: string): number {
  const parts = (version: string) => version.split(/[.\-+]/, 3).map(Number);
  const others = parts(other);
  const difference = parts(one).map((part, index) => part - others[index]!);
  return difference.find((each) => each !== 0) ?? 0;
}
