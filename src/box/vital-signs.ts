import { readFileSync } from 'node:fs';
import type { VitalSigns } from './last-words.ts';

const CGROUP = '/sys/fs/cgroup';

/** @param loopDelayMillis how late the timer that triggers this sample was */
export function vitalSigns(loopDelayMillis: number, holding: number): VitalSigns {
  const heap = process.getBuiltinModule('node:v8').getHeapStatistics();
  return {
    atMillis: Date.now(),
    rss: process.memoryUsage.rss(),
    heapUsed: heap.used_heap_size,
    heapLimit: heap.heap_size_limit,
    memoryUsed: bytesIn(`${CGROUP}/memory.current`),
    memoryLimit: bytesIn(`${CGROUP}/memory.max`),
    loopDelayMillis: Math.max(0, Math.round(loopDelayMillis * 10) / 10),
    holding,
  };
}

/** Returns undefined if there is no control group or no limit. */
function bytesIn(path: string): number | undefined {
  try {
    const value = Number(readFileSync(path, 'latin1'));
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
