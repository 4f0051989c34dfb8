import type {
  DecodedLogRecord,
  DecodedLogs,
  DecodedResource,
  DecodedScope,
  KeyValue,
} from '../otlp/decoded.ts';
import { plainObject } from './plain-json.ts';

type ResourceOf = Omit<DecodedResource, 'scopes'>;
type ScopeOf = Omit<DecodedScope, 'records'>;

/** A record that says itself where it comes from. */
export interface PlacedRecord {
  readonly resource: ResourceOf;
  readonly scope: ScopeOf;
  readonly record: DecodedLogRecord;
}

/**
 * Groups records by what their resource and scope say, in the order of their first.
 * @param added attributes that every resource gets, behind its own
 */
export function groupPlaced(records: readonly PlacedRecord[], added: readonly KeyValue[]): DecodedLogs {
  const resources: DecodedResource[] = [];
  const known = new Map<string, { scopes: DecodedScope[]; byScope: Map<string, DecodedLogRecord[]> }>();
  for (const { resource, scope, record } of records) {
    const resourceKey = keyOf(resource);
    let group = known.get(resourceKey);
    if (group === undefined) {
      group = { scopes: [], byScope: new Map() };
      known.set(resourceKey, group);
      resources.push({ ...resource, attributes: [...resource.attributes, ...added], scopes: group.scopes });
    }
    const scopeKey = `${JSON.stringify([scope.name, scope.version])}${keyOf(scope)}`;
    const inScope = group.byScope.get(scopeKey);
    if (inScope === undefined) {
      const first = [record];
      group.byScope.set(scopeKey, first);
      group.scopes.push({ ...scope, records: first });
    } else inScope.push(record);
  }
  return { resources };
}

function keyOf({ attributes, droppedAttributesCount, schemaUrl }: ResourceOf | ScopeOf): string {
  return JSON.stringify([plainObject(attributes), droppedAttributesCount, schemaUrl]);
}
