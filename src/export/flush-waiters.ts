/**
 * Those who wait until everything up to a sequence number has met its end. Two who wait for the same number
 * share one promise.
 */
export class FlushWaiters {
  #waiting: { readonly sequence: number; readonly promise: Promise<void>; readonly resolve: () => void }[] =
    [];

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  wait(sequence: number): Promise<void> {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.sequence === sequence) return last.promise;
    let resolve: () => void = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#waiting.push({ sequence, promise, resolve });
    return promise;
  }

  /** @param firstOpen the lowest sequence number that is not settled; Infinity when all are */
  settle(firstOpen: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.sequence < firstOpen)
      this.#waiting.shift()!.resolve();
  }
}
