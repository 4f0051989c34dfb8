import type { ReadableLogRecordLike } from '../record/index.ts';

/** Records of one resource. */
export interface ResourceGroup {
  readonly resource: unknown;
  /** How many records it has, over all scopes. */
  count: number;
  readonly scopes: ScopeGroup[];
}

/** Records of one resource and one scope. */
export interface ScopeGroup {
  readonly scope: unknown;
  readonly records: ReadableLogRecordLike[];
}

/** Groups records by the identity of their resource and scope, each in the order of its first record. */
export function groupRecords(records: readonly ReadableLogRecordLike[]): readonly ResourceGroup[] {
  const groups: ResourceGroup[] = [];
  const byResource = new Map<unknown, { group: ResourceGroup; byScope: Map<unknown, ScopeGroup> }>();
  let last: ResourceGroup | undefined;
  let lastScope: ScopeGroup | undefined;
  for (const record of records) {
    const resource = read(record, 'resource');
    const scope = read(record, 'instrumentationScope');
    if (
      last === undefined ||
      lastScope === undefined ||
      last.resource !== resource ||
      lastScope.scope !== scope
    ) {
      let known = byResource.get(resource);
      if (known === undefined) {
        known = { group: { resource, count: 0, scopes: [] }, byScope: new Map() };
        byResource.set(resource, known);
        groups.push(known.group);
      }
      last = known.group;
      lastScope = known.byScope.get(scope);
      if (lastScope === undefined) {
        lastScope = { scope, records: [] };
        known.byScope.set(scope, lastScope);
        last.scopes.push(lastScope);
      }
    }
    last.count += 1;
    lastScope.records.push(record);
  }
  return groups;
}

function read(record: ReadableLogRecordLike, name: 'resource' | 'instrumentationScope'): unknown {
  try {
    return record[name];
  } catch {
    return undefined;
  }
}
