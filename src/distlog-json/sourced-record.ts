import type {
  AnyValue,
  Attributes,
  DecodedLogRecord,
  DecodedLogs,
  DecodedResource,
  DecodedScope,
  KeyValue,
} from '../otlp/index.ts';
import { objectJson } from './json-values.ts';

type ResourceOf = Omit<DecodedResource, 'scopes'>;
type ScopeOf = Omit<DecodedScope, 'records'>;

/** A record with its resource and scope. */
export interface SourcedRecord {
  readonly resource: ResourceOf;
  readonly scope: ScopeOf;
  readonly record: DecodedLogRecord;
}

interface ScopeGroup {
  readonly scope: ScopeOf;
  readonly records: DecodedLogRecord[];
}

interface ResourceGroup {
  readonly resource: ResourceOf;
  readonly added: readonly KeyValue[];
  readonly logs: DecodedResource;
  readonly scopes: DecodedScope[];
  readonly byKey: Map<string, ScopeGroup>;
  lastScope: ScopeGroup | undefined;
}

/** Groups records by resource and scope, in the order of their first records. */
export class RecordGrouper {
  readonly #resources: DecodedResource[] = [];
  readonly #byKey = new Map<string, ResourceGroup>();
  #last: ResourceGroup | undefined;

  get logs(): DecodedLogs {
    return { resources: this.#resources };
  }

  /** @param added additional resource attributes; pass the same instance for equal lists */
  add({ resource, scope, record }: SourcedRecord, added: readonly KeyValue[]): void {
    const last = this.#last;
    // Fast path: most records have the same resource as the previous one.
    const group =
      last !== undefined && last.added === added && isSame(last.resource, resource)
        ? last
        : this.#group(resource, added);
    this.#last = group;
    const { lastScope } = group;
    const inScope =
      lastScope !== undefined &&
      lastScope.scope.name === scope.name &&
      lastScope.scope.version === scope.version &&
      isSame(lastScope.scope, scope)
        ? lastScope
        : scopeGroup(group, scope);
    group.lastScope = inScope;
    inScope.records.push(record);
  }

  #group(resource: ResourceOf, added: readonly KeyValue[]): ResourceGroup {
    const attributes = [...resource.attributes, ...added];
    const key = keyOf({ ...resource, attributes });
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const scopes: DecodedScope[] = [];
    const logs = { ...resource, attributes, scopes };
    const group = { resource, added, logs, scopes, byKey: new Map(), lastScope: undefined };
    this.#byKey.set(key, group);
    this.#resources.push(logs);
    return group;
  }
}

function scopeGroup(group: ResourceGroup, scope: ScopeOf): ScopeGroup {
  const key = `${JSON.stringify([scope.name, scope.version])}${keyOf(scope)}`;
  const known = group.byKey.get(key);
  if (known !== undefined) return known;
  const made = { scope, records: [] };
  group.byKey.set(key, made);
  group.scopes.push({ ...scope, records: made.records });
  return made;
}

/** A cheap check that may miss equal ones: compares scalar attributes in the same order. */
function isSame(one: ResourceOf | ScopeOf, other: ResourceOf | ScopeOf): boolean {
  return (
    one.droppedAttributesCount === other.droppedAttributesCount &&
    one.schemaUrl === other.schemaUrl &&
    areSame(one.attributes, other.attributes)
  );
}

function areSame(some: Attributes, others: Attributes): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at += 1) {
    const [name, value] = some[at]!;
    const [otherName, other] = others[at]!;
    if (name !== otherName || !isSameValue(value, other)) return false;
  }
  return true;
}

function isSameValue(one: AnyValue, other: AnyValue): boolean {
  return typeof one !== 'object' && Object.is(one, other);
}

function keyOf({ attributes, droppedAttributesCount, schemaUrl }: ResourceOf | ScopeOf): string {
  return JSON.stringify([objectJson(attributes), droppedAttributesCount, schemaUrl]);
}
