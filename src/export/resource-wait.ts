import { type Clock, type ReadableLogRecordLike, type ResourceLike, within } from '../record/index.ts';

/** How long the first batch of a resource waits for the attributes that are still being looked up. */
const MAX_WAIT_MILLIS = 5_000;

/**
 * Waits for the attributes of resources before an export, once for each resource and at most five seconds: a
 * detector that never answers must not keep records back. They then leave with the attributes that are there.
 */
export class ResourceWait {
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #waits = new WeakMap<ResourceLike, Promise<void>>();
  #endAll: () => void = () => {};
  /** Resolves when all waits end. */
  readonly #ended = new Promise<void>((resolve) => {
    this.#endAll = resolve;
  });

  constructor(clock: Clock, warn: (message: string) => void) {
    this.#clock = clock;
    this.#warn = warn;
  }

  /** Resolves when these records can be exported. Undefined when they can be at once. Never rejects. */
  before(records: readonly ReadableLogRecordLike[]): Promise<unknown> | undefined {
    let last: ResourceLike | undefined;
    let waits: Promise<void>[] | undefined;
    for (const record of records) {
      const resource = record.resource as ResourceLike | undefined;
      if (resource === last) continue;
      last = resource;
      if (resource?.asyncAttributesPending !== true) continue;
      waits ??= [];
      waits.push(this.#of(resource));
    }
    return waits && Promise.all(waits);
  }

  /** Ends all waits, also those to come: the exports go on without. */
  end(): void {
    this.#endAll();
  }

  #of(resource: ResourceLike): Promise<void> {
    const known = this.#waits.get(resource);
    if (known !== undefined) return known;
    const wait = this.#wait(resource);
    this.#waits.set(resource, wait);
    return wait;
  }

  async #wait(resource: ResourceLike): Promise<void> {
    // A detector that fails must not cost the records either.
    const settled = Promise.resolve()
      .then(() => resource.waitForAsyncAttributes?.())
      .catch(() => {});
    const waited = await within(Promise.race([settled, this.#ended]), MAX_WAIT_MILLIS, this.#clock);
    if (waited.inTime) return;
    this.#warn(
      `resource attributes were still missing after ${MAX_WAIT_MILLIS} ms; records are exported without them`,
    );
  }
}
