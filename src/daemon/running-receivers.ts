import type { Intake, OwnLog } from '../component/index.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { makeReceivers, type NamedReceiver } from './make-receivers.ts';

/** The receivers of the daemon. */
export class RunningReceivers {
  readonly #intake: Intake;
  readonly #log: OwnLog;
  #receivers: readonly NamedReceiver[] = [];

  constructor(intake: Intake, log: OwnLog) {
    this.#intake = intake;
    this.#log = log;
  }

  get all(): readonly NamedReceiver[] {
    return this.#receivers;
  }

  /**
   * Runs the receivers of a configuration: those that are as they were go on, others end and are begun anew.
   * @throws (rejects) if one cannot begin, with the setting to change; those that were begun before it run
   */
  async take(loaded: LoadedConfig, graceMillis: number): Promise<void> {
    const wanted = makeReceivers(loaded, this.#intake, this.#log);
    const stays = ({ made }: NamedReceiver) => wanted.some((other) => other.made === made);
    const kept = this.#receivers.filter(stays);
    const ends = this.#receivers.filter((one) => !stays(one));
    await Promise.all(ends.map(({ receiver }) => receiver.stop(graceMillis)));
    this.#receivers = kept;
    for (const next of wanted.filter(({ made }) => !kept.some((one) => one.made === made))) {
      await next.receiver.start();
      this.#receivers = [...this.#receivers, next];
    }
  }

  async stop(graceMillis: number): Promise<void> {
    await Promise.all(this.#receivers.map(({ receiver }) => receiver.stop(graceMillis)));
  }
}
