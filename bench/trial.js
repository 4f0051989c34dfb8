import { Program } from './program.js';

/** @typedef {import('./case.js').Trial} Trial */
/** @typedef {import('./case.js').Figures} Figures */

const REPEATS_PER_PROCESS = 3;

/**
 * Measures all sides of a trial. They alternate, in each repeat and in short slices of it, so that drift of
 * the machine affects all. After a few repeats the processes are replaced, because memory layout and
 * compilation differ between processes.
 *
 * @param {string} caseName
 * @param {Trial} trial
 * @param {number} repeats
 * @param {(text: string) => void} report receives the current step
 * @returns {Promise<import('./case.js').Results>}
 */
export async function runTrial(caseName, trial, repeats, report) {
  const wanted = trial.repeats ?? repeats;
  const perProcess = trial.repeatsPerProcess ?? REPEATS_PER_PROCESS;
  const names = Object.keys(trial.sides);
  /** @type {Record<string, Figures[]>} */
  const results = Object.fromEntries(names.map((name) => [name, []]));
  const receiver = trial.withReceiver === true ? new Program('receiver.js') : undefined;
  try {
    const address = receiver === undefined ? {} : { address: String(await receiver.started()) };
    for (let done = 0; done < wanted; done += perProcess) {
      /** @type {Map<string, Program>} */
      const programs = new Map();
      try {
        for (const name of names) {
          report(`warming ${name}`);
          const settings = JSON.stringify({ ...trial.sides[name], ...address });
          const program = new Program('child.js', [caseName, settings], trial.env);
          programs.set(name, program);
          await program.started();
          await receiver?.ask('report');
        }
        for (let repeat = done; repeat < Math.min(wanted, done + perProcess); repeat += 1) {
          report(`repeat ${repeat + 1} of ${wanted}`);
          const figures = await repeatOnce(programs, trial.slices ?? 1, receiver);
          for (const name of names) results[name]?.push(figures[name] ?? {});
        }
      } finally {
        for (const program of programs.values()) await program.end();
      }
    }
  } finally {
    await receiver?.end();
  }
  return results;
}

/**
 * @param {Map<string, Program>} programs
 * @param {number} count the number of slices per side
 * @param {Program | undefined} receiver
 * @returns {Promise<Record<string, Figures>>} the mean of its slices, by side
 */
async function repeatOnce(programs, count, receiver) {
  /** @type {Record<string, Figures[]>} */
  const slices = {};
  for (let slice = 0; slice < count; slice += 1) {
    for (const [name, program] of slice % 2 === 0 ? programs : [...programs].reverse()) {
      const figures = /** @type {Figures} */ (await program.ask('repeat'));
      const received = /** @type {Figures | undefined} */ (await receiver?.ask('report'));
      slices[name] ??= [];
      slices[name].push({ ...figures, ...prefixed(received) });
    }
  }
  return Object.fromEntries(Object.entries(slices).map(([name, all]) => [name, meanOf(all)]));
}

/** @param {readonly Figures[]} slices */
function meanOf(slices) {
  const names = Object.keys(slices[0] ?? {});
  const sumOf = (/** @type {string} */ name) =>
    slices.reduce((sum, figures) => sum + (figures[name] ?? Number.NaN), 0);
  return Object.fromEntries(names.map((name) => [name, sumOf(name) / slices.length]));
}

/** @param {Figures | undefined} received */
function prefixed(received) {
  return Object.fromEntries(Object.entries(received ?? {}).map(([name, n]) => [`received.${name}`, n]));
}
