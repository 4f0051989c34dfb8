import type { BurstStats } from '../holding/index.ts';
import { ComponentMetrics, type MeterProviderLike } from '../record/index.ts';

const RECORDS = '{log_record}';

/** Exposes the counters of `stats()` as metrics `burstlog.*`. */
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

  count('held', 'Quiet records that were submitted to be held');
  count('released', 'Held records that were released by a burst');
  count('discarded', 'Held records that were discarded because no trigger occurred');
  byCause('evicted', 'Held records that were evicted');
  count('passed', 'Quiet records that passed in an after-window');
  count('live', 'Loud records, triggers, manifests and summaries');
  count('delivered', 'Records accepted by the exporter or the wrapped processor');
  byCause('failed', 'Records that should have been delivered but were lost');
  count('bursts', 'Bursts that released at least one record', '{burst}');
  count('joined', 'Triggers that joined an open burst');
  level('holding', 'holding', RECORDS, 'Quiet records that are held now');
  level('holding.size', 'holdingBytes', 'By', 'Estimated size of held records');
  level('pending', 'pending', RECORDS, 'Records that are queued or being exported');
  level('pending.size', 'pendingBytes', 'By', 'Estimated size of pending records');
  return metrics;
}
