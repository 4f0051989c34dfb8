import type { Clock } from '../../record/index.ts';

interface Waiting {
  readonly isAlone: boolean;
  readonly begin: () => void;
}

/**
 * When the sinks of a process may write: together, until one of them must write alone. An end of the process
 * during such a write has one cause.
 *
 * First come, first served. A sink that does not come back holds the others up for a bounded time only.
 */
export class WriteTurns {
  #together = 0;
  #alone = 0;
  #waiting: Waiting[] = [];

  /** @returns ends the turn; called twice it does nothing more */
  async together(clock: Clock, maxWaitMillis: number): Promise<() => void> {
    if (this.#alone === 0 && this.#waiting.length === 0) return this.#begun(false);
    return await this.#wait(false, clock, maxWaitMillis);
  }

  /** @returns ends the turn; called twice it does nothing more */
  async alone(clock: Clock, maxWaitMillis: number): Promise<() => void> {
    if (this.#alone + this.#together + this.#waiting.length === 0) return this.#begun(true);
    return await this.#wait(true, clock, maxWaitMillis);
  }

  #wait(isAlone: boolean, clock: Clock, maxWaitMillis: number): Promise<() => void> {
    return new Promise((resolve) => {
      const begin = () => {
        cancel();
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        resolve(this.#begun(isAlone));
      };
      const waiting = { isAlone, begin };
      const cancel = clock.after(maxWaitMillis, begin);
      this.#waiting.push(waiting);
    });
  }

  #begun(isAlone: boolean): () => void {
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
