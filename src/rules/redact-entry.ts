import {
  type DecodedLogRecord,
  type DecodedResource,
  encodeDecoded,
  type LogGroup,
  type LogResource,
  type LogScope,
  logGroups,
} from '../otlp/index.ts';
import { Turns } from '../record/index.ts';
import type { Redaction } from './redaction.ts';

/** The redactions of a record; undefined: the record is filtered out. */
export type RecordChange = readonly Redaction[] | undefined;

/**
 * Redacts a request and filters its records. Records are decoded and encoded in groups, so a request of any
 * size takes bounded memory and does not block the event loop for long. Fields that this version does not
 * know are lost.
 *
 * @param changeOf returns the change for the record at this index; equal lists of redactions are the same
 * object
 * @param onChanged called for each record that was changed
 * @throws WireError if the bytes are not a valid request
 */
export async function redactEntry(
  body: Uint8Array,
  changeOf: (ordinal: number) => RecordChange,
  onChanged: (ordinal: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const turns = new Turns();
  const parts: Uint8Array[] = [];
  let ordinal = 0;
  for (const group of logGroups(body)) {
    const work = new GroupRedaction(group);
    for (const record of group.records) {
      const redactions = changeOf(ordinal);
      if (redactions !== undefined && work.add(record, redactions)) onChanged(ordinal);
      ordinal += 1;
    }
    if (work.resources.length > 0) parts.push(encodeDecoded({ resources: work.resources }));
    if (turns.isOver) await turns.pause(signal);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

type Owner = Pick<LogGroup, 'resource' | 'scope'>;

/**
 * Redacts the records of one resource and scope. The result has several resources if only some records are
 * redacted.
 */
class GroupRedaction {
  readonly resources: DecodedResource[] = [];
  readonly #group: LogGroup;
  readonly #owners = new Map<readonly Redaction[], Owner>();
  #last: Owner | undefined;
  #records: DecodedLogRecord[] = [];

  constructor(group: LogGroup) {
    this.#group = group;
  }

  /** @returns whether the record, its scope or its resource was changed */
  add(record: DecodedLogRecord, redactions: readonly Redaction[]): boolean {
    const owner = this.#ownerFor(redactions);
    if (this.#last?.resource !== owner.resource || this.#last.scope !== owner.scope) this.#begin(owner);
    let redacted = record;
    for (const each of redactions) redacted = each.record(redacted);
    this.#records.push(redacted);
    return (
      redacted !== record || owner.resource !== this.#group.resource || owner.scope !== this.#group.scope
    );
  }

  #begin(owner: Owner): void {
    this.#last = owner;
    this.#records = [];
    this.resources.push({ ...owner.resource, scopes: [{ ...owner.scope, records: this.#records }] });
  }

  #ownerFor(redactions: readonly Redaction[]): Owner {
    const known = this.#owners.get(redactions);
    if (known !== undefined) return known;
    const owner = {
      resource: redactedOwner(this.#group.resource, redactions),
      scope: redactedOwner(this.#group.scope, redactions),
    };
    this.#owners.set(redactions, owner);
    return owner;
  }
}

/** The same object if nothing changes. */
function redactedOwner<T extends LogResource | LogScope>(owner: T, redactions: readonly Redaction[]): T {
  let { attributes } = owner;
  for (const each of redactions) attributes = each.attributes(attributes);
  return attributes === owner.attributes ? owner : { ...owner, attributes };
}
