import type { BurstStats } from '../holding/index.ts';
import { ComponentMetrics, type MeterProviderLike } from '../record/index.ts';

const RECORDS = '{log_record}';

/** The counters of `stats()` as metrics `burstlog.*`. */
export function burstMetrics(
  meterProvider: MeterProviderLike,
  componentName: string | undefined,
  stats: () => BurstStats,
): ComponentMetrics {
  const metrics = new ComponentMetrics(meterProvider, 'burst_log_processor', componentName);
  const count = (name: keyof BurstStats, description: string, unit = RECORDS) =>
    metrics.counter(`burstlog.${name}`, { unit, description }, (observe) => observe(stats()[name] as number));
  const byCause = (name: 'evicted' | 'failed', description: string) =>
    metrics.counter(`burstlog.${name}`, { unit: RECORDS, description }, (observe) => {
      for (const [cause, value] of Object.entries(stats()[name])) observe(value, { cause });
    });
  const level = (metric: string, name: keyof BurstStats, unit: string, description: string) =>
    metrics.level(`burstlog.${metric}`, { unit, description }, (observe) => observe(stats()[name] as number));

  count('held', 'Quiet records that came to be held');
  count('released', 'Held records that a burst released');
  count('discarded', 'Held records that were discarded because all went well');
  byCause('evicted', 'Held records that were lost to a bound or a rule');
  count('passed', 'Quiet records that passed straight on after a burst');
  count('live', 'Loud records, triggers, manifests and summaries');
  count('delivered', 'Records accepted by the exporter or the wrapped processor');
  byCause('failed', 'Records that were meant to leave and were lost');
  count('bursts', 'Bursts that released something', '{burst}');
  count('joined', 'Triggers that joined an open burst');
  level('holding', 'holding', RECORDS, 'Quiet records held now');
  level('holding.size', 'holdingBytes', 'By', 'Their estimated size');
  level('pending', 'pending', RECORDS, 'Records on their way');
  level('pending.size', 'pendingBytes', 'By', 'Their estimated size');
  return metrics;
}
