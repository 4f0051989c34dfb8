import {
  LogRecordView,
  type ReadableLogRecordLike,
  type ResourceLike,
  writableResource,
} from '../record/index.ts';

/**
 * Replaces the resources of records by resources that every OTLP server accepts. Each resource is checked
 * once, after its attributes are available. A record whose resource must be replaced is exported as a view.
 */
export class WritableResources {
  readonly #known = new WeakMap<ResourceLike, ResourceLike>();

  /** Returns records with valid resources: the array itself if no resource must be replaced. */
  of(records: ReadableLogRecordLike[]): ReadableLogRecordLike[] {
    let last: ResourceLike | undefined;
    let isFine = true;
    for (const { resource } of records) {
      if (resource === last) continue;
      last = resource as ResourceLike | undefined;
      if (last !== undefined && this.#writable(last) !== last) isFine = false;
    }
    return isFine ? records : records.map((record) => this.#view(record));
  }

  #view(record: ReadableLogRecordLike): ReadableLogRecordLike {
    const resource = record.resource as ResourceLike | undefined;
    if (resource === undefined || this.#writable(resource) === resource) return record;
    const view = new LogRecordView(record);
    view.resource = this.#writable(resource);
    return view;
  }

  #writable(resource: ResourceLike): ResourceLike {
    let known = this.#known.get(resource);
    if (known === undefined) {
      known = writableResource(resource);
      this.#known.set(resource, known);
    }
    return known;
  }
}
