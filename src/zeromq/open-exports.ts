/** An export that has not met its end. */
export type OpenExport = object;

/** Knows which exports are open, so that a flush waits for those before it and not for those after. */
export class OpenExports {
  readonly #open = new Set<OpenExport>();
  #waiters: { readonly open: Set<OpenExport>; readonly resolve: () => void }[] = [];

  add(): OpenExport {
    const token = {};
    this.#open.add(token);
    return token;
  }

  end(token: OpenExport): void {
    this.#open.delete(token);
    if (this.#waiters.length === 0) return;
    for (const { open, resolve } of this.#waiters) if (open.delete(token) && open.size === 0) resolve();
    this.#waiters = this.#waiters.filter(({ open }) => open.size > 0);
  }

  /** Resolves when all that are open now have met their end. */
  ended(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ open: new Set(this.#open), resolve }));
  }
}
