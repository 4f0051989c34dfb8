import { type Clock, type ReadableLogRecordLike, type ResourceLike, within } from '../record/index.ts';

/** How long the first batch of a resource waits for attributes that are detected asynchronously. */
const MAX_WAIT_MILLIS = 5_000;

/**
 * Waits for the asynchronous attributes of resources before an export, once per resource and at most five
 * seconds, so that a detector that hangs does not block exports. After that, records are exported with the
 * attributes that are available.
 */
export class ResourceWait {
  readonly #clock: Clock;
  readonly #warn: (message: string) => void;
  readonly #waits = new WeakMap<ResourceLike, Promise<void>>();
  #endAll: () => void = () => {};
  /** Resolves when `end()` is called. */
  readonly #ended = new Promise<void>((resolve) => {
    this.#endAll = resolve;
  });

  constructor(clock: Clock, warn: (message: string) => void) {
    this.#clock = clock;
    this.#warn = warn;
  }

  /**
   * Resolves when these records can be exported; undefined if they can be exported at once. Never rejects.
   */
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

  /** Ends all current and future waits. Exports then continue without the missing attributes. */
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
    // A failed detector must not fail the export either.
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
