import type { MeterProviderLike } from '../record/index.ts';
import type { BurstStats } from './stats.ts';

/**
 * Shows the counters of `stats()` as metrics `burstlog.*`, read when a reader collects, also after the end.
 */
export function reportBurst(meterProvider: MeterProviderLike, stats: () => BurstStats): void {
  const meter = meterProvider.getMeter('burstlog');
  type Observe = Parameters<ReturnType<typeof meter.createObservableCounter>['addCallback']>[0];
  const show = (
    kind: 'count' | 'level',
    name: string,
    unit: string,
    description: string,
    observe: Observe,
  ) => {
    const options = { unit, description };
    const instrument =
      kind === 'count'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableUpDownCounter(name, options);
    instrument.addCallback(observe);
  };
  const count = (name: keyof BurstStats & string, description: string, unit = '{log_record}') =>
    show('count', `burstlog.${name}`, unit, description, (result) => result.observe(stats()[name] as number));
  const byCause = (name: 'evicted' | 'failed', description: string) =>
    show('count', `burstlog.${name}`, '{log_record}', description, (result) => {
      for (const [cause, value] of Object.entries(stats()[name])) result.observe(value, { cause });
    });
  const level = (
    metric: string,
    name: 'holding' | 'holdingBytes' | 'pending' | 'pendingBytes',
    unit: string,
    text: string,
  ) => show('level', metric, unit, text, (result) => result.observe(stats()[name]));

  count('held', 'Quiet records that came to be held');
  count('released', 'Held records that a burst let out');
  count('discarded', 'Held records that were let go because all went well');
  byCause('evicted', 'Held records that were lost to a bound or a rule');
  count('passed', 'Quiet records that passed straight on after a burst');
  count('live', 'Loud records, triggers and manifests');
  count('delivered', 'Records accepted by the exporter or the wrapped processor');
  byCause('failed', 'Records that were meant to leave and were lost');
  count('bursts', 'Bursts that released something', '{burst}');
  count('joined', 'Triggers that joined an open burst', '{log_record}');
  level('burstlog.holding', 'holding', '{log_record}', 'Quiet records held now');
  level('burstlog.holding.size', 'holdingBytes', 'By', 'Their estimated size');
  level('burstlog.pending', 'pending', '{log_record}', 'Records on their way');
  level('burstlog.pending.size', 'pendingBytes', 'By', 'Their estimated size');
}
