/** The known name that is most similar; undefined if none is similar enough. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const plain = simplified(given.slice(0, 100));
  let best: string | undefined;
  let least = Math.max(1, Math.floor(plain.length / 3)) + 1;
  for (const name of known) {
    const steps = editSteps(plain, simplified(name));
    if (steps >= least) continue;
    best = name;
    least = steps;
  }
  return best;
}

/** `; did you mean x?`, or a list of the known names. */
export function suggestion(given: string, known: readonly string[]): string {
  const name = nearest(given, known);
  return name === undefined ? `; known names: ${known.join(', ')}` : `; did you mean ${name}?`;
}

/** `max_bytes`, `max-bytes` and `maxBytes` are treated as equal. */
function simplified(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Levenshtein's distance, with a swap of neighbours as one step. */
function editSteps(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
