/**
 * @param {readonly number[]} numbers
 */
export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/**
 * The median of one figure of one side.
 *
 * @param {import('./case.js').Results} results
 * @param {string} side
 * @param {string} figure
 */
export function medianOf(results, side, figure) {
  return median(valuesOf(results, side, figure));
}

/**
 * One figure of all repeats of one side.
 *
 * @param {import('./case.js').Results} results
 * @param {string} side
 * @param {string} figure
 */
export function valuesOf(results, side, figure) {
  return (results[side] ?? []).map((figures) => figures[figure] ?? Number.NaN);
}

/**
 * Compares ours with theirs: the median of the ratios of the repeats. Both sides of a repeat alternate, so
 * that a machine that is slow for a minute slows both; the ratio of two medians would not reflect that.
 *
 * @param {import('./case.js').Trial} trial
 * @param {import('./case.js').Results} results
 * @param {{ figure: string, unit: string, ours: string, theirs: string, atMost?: number, atLeast?: number }} wanted
 * @returns {import('./case.js').Line}
 */
export function ratioLine(trial, results, { figure, unit, ours, theirs, atMost, atLeast }) {
  const others = valuesOf(results, theirs, figure);
  const ratios = valuesOf(results, ours, figure).map((our, repeat) => our / (others[repeat] ?? Number.NaN));
  const ratio = median(ratios);
  const bound = atMost !== undefined ? `<= ${atMost}` : atLeast !== undefined ? `>= ${atLeast}` : undefined;
  const line = {
    measure: trial.measure,
    options: trial.options,
    figures: `${spread(results, ours, figure)} ${unit}, ${spread(results, theirs, figure)} ${unit}`,
    ratio,
  };
  if (bound === undefined) return line;
  return { ...line, bound, isMet: ratio <= (atMost ?? Infinity) && ratio >= (atLeast ?? -Infinity) };
}

/**
 * A figure with an absolute bound.
 *
 * @param {import('./case.js').Trial} trial
 * @param {{ what: string, value: number, unit: string, atMost: number }} wanted
 * @returns {import('./case.js').Line}
 */
export function boundLine(trial, { what, value, unit, atMost }) {
  return {
    measure: `${trial.measure}: ${what}`,
    options: trial.options,
    figures: `${shown(value)} ${unit}`,
    bound: `<= ${shown(atMost)} ${unit}`,
    isMet: value <= atMost,
  };
}

/**
 * A figure of one side whose median has an absolute bound.
 *
 * @param {import('./case.js').Trial} trial
 * @param {import('./case.js').Results} results
 * @param {{ side: string, figure: string, unit: string, what?: string, atMost?: number, atLeast?: number }} wanted
 * @returns {import('./case.js').Line}
 */
export function spreadLine(trial, results, { side, figure, unit, what, atMost, atLeast }) {
  const line = {
    measure: what === undefined ? trial.measure : `${trial.measure}: ${what}`,
    options: trial.options,
    figures: `${spread(results, side, figure)} ${unit}`,
  };
  const value = medianOf(results, side, figure);
  if (atMost !== undefined) {
    return { ...line, bound: `<= ${shown(atMost)} ${unit}`, isMet: value <= atMost };
  }
  if (atLeast === undefined) return line;
  return { ...line, bound: `>= ${shown(atLeast)} ${unit}`, isMet: value >= atLeast };
}

/**
 * The median, and the range of the repeats.
 *
 * @param {import('./case.js').Results} results
 * @param {string} side
 * @param {string} figure
 */
export function spread(results, side, figure) {
  const values = valuesOf(results, side, figure);
  return `${side} ${shown(median(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`;
}

/** @param {number} value */
export function shown(value) {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  if (value >= 1_000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/**
 * Returns the nanoseconds per call, if `work` makes `count` calls.
 *
 * @param {number} count
 * @param {() => void} work
 */
export function nanosecondsEach(count, work) {
  const from = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - from) / count;
}
