// The code under test: it logs with pino, whose DEBUG calls become log records.
import { setTimeout } from 'node:timers/promises';
import { to } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';

const log = pino(withBurstlog({ name: 'warehouse', level: process.env.LOG_LEVEL ?? 'silent' }));
const shelves = { apple: 12, pear: 0 };

/**
 * @param {keyof typeof shelves} article
 * @param {number} count
 */
export async function reserve(article, count) {
  return to(`reserve ${article}`, { count }, async () => {
    log.debug('look at the shelf of %s', article);
    await setTimeout(5);
    const left = shelves[article];
    log.debug({ left }, 'counted');
    return left >= count;
  });
}
