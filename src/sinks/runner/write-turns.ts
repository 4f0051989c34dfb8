import type { Clock } from '../../record/index.ts';

interface Waiting {
  readonly isAlone: boolean;
  readonly begin: () => void;
}

/**
 * Decides when the sinks of a process may write: together, until one of them must write alone, so that an end
 * of the process during that write has only one possible cause.
 *
 * Requests are served in order. A sink that hangs delays the others for a limited time only.
 */
export class WriteTurns {
  #together = 0;
  #alone = 0;
  #waiting: Waiting[] = [];

  /** @returns a function that ends the turn; further calls do nothing */
  async together(clock: Clock, maxWaitMillis: number): Promise<() => void> {
    if (this.#alone === 0 && this.#waiting.length === 0) return this.#begin(false);
    return await this.#wait(false, clock, maxWaitMillis);
  }

  /** @returns a function that ends the turn; further calls do nothing */
  async alone(clock: Clock, maxWaitMillis: number): Promise<() => void> {
    if (this.#alone + this.#together + this.#waiting.length === 0) return this.#begin(true);
    return await this.#wait(true, clock, maxWaitMillis);
  }

  #wait(isAlone: boolean, clock: Clock, maxWaitMillis: number): Promise<() => void> {
    return new Promise((resolve) => {
      const begin = () => {
        cancel();
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        resolve(this.#begin(isAlone));
      };
      const waiting = { isAlone, begin };
      const cancel = clock.after(maxWaitMillis, begin);
      this.#waiting.push(waiting);
    });
  }

  #begin(isAlone: boolean): () => void {
    const change = (by: number) => {
      if (isAlone) this.#alone += by;
      else this.#together += by;
    };
    change(1);
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      change(-1);
      this.#serve();
    };
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#alone > 0 || (next.isAlone && this.#together > 0)) return;
      next.begin();
    }
  }
}
