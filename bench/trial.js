import { Program } from './program.js';

/** @typedef {import('./case.js').Trial} Trial */
/** @typedef {import('./case.js').Figures} Figures */

const REPEATS_PER_PROCESS = 3;

/**
 * Measures all sides of a trial. Their repeats take turns, first one side then the other first, so that drift of
 * the machine hits both; after a few repeats the processes are replaced, since each has its own luck with memory
 * and compilation.
 *
 * @param {string} caseName
 * @param {Trial} trial
 * @param {number} repeats
 * @param {(text: string) => void} tell what it is doing
 * @returns {Promise<import('./case.js').Results>}
 */
export async function runTrial(caseName, trial, repeats, tell) {
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
          tell(`warming ${name}`);
          const settings = JSON.stringify({ ...trial.sides[name], ...address });
          const program = new Program('child.js', [caseName, settings], trial.env);
          programs.set(name, program);
          await program.started();
          await receiver?.ask('report');
        }
        for (let repeat = done; repeat < Math.min(wanted, done + perProcess); repeat += 1) {
          for (const [name, program] of repeat % 2 === 0 ? programs : [...programs].reverse()) {
            tell(`${name}, repeat ${repeat + 1} of ${wanted}`);
            const figures = /** @type {Figures} */ (await program.ask('repeat'));
            const received = /** @type {Figures | undefined} */ (await receiver?.ask('report'));
            results[name]?.push({ ...figures, ...prefixed(received) });
          }
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

/** @param {Figures | undefined} received */
function prefixed(received) {
  return Object.fromEntries(Object.entries(received ?? {}).map(([name, n]) => [`received.${name}`, n]));
}
