/**
 * @typedef {object} Exporter
 * @property {(records: any[], callback: (result: { code: number, error?: Error }) => void) => void} export
 */

/**
 * Exports the same batches repeatedly, several at a time, like a batch processor with `maxConcurrentExports`.
 *
 * @param {Exporter} exporter
 * @param {readonly import('@opentelemetry/sdk-logs').ReadableLogRecord[][]} batches
 * @param {number} times the total number of batches
 * @param {number} window the number of concurrent exports
 * @returns {Promise<void>} when the last one succeeded; rejects when one failed
 */
export function exportBatches(exporter, batches, times, window) {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let done = 0;
    const next = () => {
      const batch = batches[begun % batches.length] ?? [];
      begun += 1;
      exporter.export(batch, ({ code, error }) => {
        if (code !== 0) return reject(error ?? new Error('an export failed'));
        done += 1;
        if (done === times) resolve();
        else if (begun < times) next();
      });
    };
    while (begun < Math.min(window, times)) next();
  });
}

/**
 * @template T
 * @param {readonly T[]} records
 * @param {number} size
 * @returns {T[][]}
 */
export function batchesOf(records, size) {
  return Array.from({ length: Math.ceil(records.length / size) }, (_, index) =>
    records.slice(index * size, (index + 1) * size),
  );
}
