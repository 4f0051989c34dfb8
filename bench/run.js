// Measures the cost and the limits of burstlog, and writes docs/benchmarks.md, docs/benchmarks.json and the
// figures in README.md.
//
//   npm run bench                    everything, six repeats, about half an hour; nothing else should run
//   npm run bench -- --quick         a short form, six minutes: verifies that the benches run, writes nothing
//   npm run bench -- --only heap-held --repeats 5
//
// A missed bound is reported but does not fail the run, because it depends on the load of the machine. The
// run fails if a case could not measure its subject: records were lost, or a buffer was not full.
import { readFileSync, writeFileSync } from 'node:fs';
import { machine } from './machine.js';
import { resolveOptions } from './options.js';
import { page } from './page.js';
import { installPeers } from './peers/install.js';
import { Progress } from './progress.js';
import { withFigures } from './readme-figures.js';
import { table } from './table.js';
import { runTrial } from './trial.js';

/** @typedef {import('./case.js').Case} Case */
/** @typedef {import('./case.js').Line} Line */
/** @typedef {import('./case.js').Finished} Finished */

const PAGE = new URL('../docs/benchmarks.md', import.meta.url);
const DATA = new URL('../docs/benchmarks.json', import.meta.url);
const README = new URL('../README.md', import.meta.url);
/** Cases that need the packages of bench/peers. */
const NEED_PEERS = ['peers', 'start-time'];

const form = optionsOrEnd();
const progress = new Progress();
const before = machine();
/** @type {Finished[]} */
const finished = [];
const failed = [];
for (const name of form.cases) {
  try {
    finished.push(await run(name));
  } catch (error) {
    failed.push(name);
    progress.clear();
    console.log(`\n${name}: could not be measured: ${error instanceof Error ? error.message : error}`);
  }
}
progress.clear();
const bounded = finished.flatMap(({ lines }) => lines).filter(({ isMet }) => isMet !== undefined);
const missed = bounded.filter(({ isMet }) => isMet === false);
console.log(`\n${bounded.length - missed.length} of ${bounded.length} bounds met, in ${progress.time()}`);
for (const { measure, figures } of missed) console.log(`missed: ${measure}: ${figures}`);
if (failed.length > 0) {
  console.log(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
} else if (form.isWhole) {
  writeFileSync(PAGE, page(before, form, finished, progress.time()));
  const measured = {
    date: new Date().toISOString().slice(0, 10),
    lines: finished.flatMap(({ name, lines }) => lines.map((line) => ({ case: name, ...line }))),
  };
  writeFileSync(DATA, `${JSON.stringify(measured, null, 2)}\n`);
  writeFileSync(README, withFigures(readFileSync(README, 'utf8'), measured));
  console.log('wrote docs/benchmarks.md, docs/benchmarks.json and the figures of README.md');
}

function optionsOrEnd() {
  try {
    return resolveOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

/**
 * @param {string} name
 * @returns {Promise<Finished>}
 */
async function run(name) {
  if (NEED_PEERS.includes(name)) installPeers((text) => progress.report(name, text));
  const { title, note, trials, lines } = /** @type {Case} */ (await import(`./cases/${name}.js`));
  const all = [];
  for (const trial of trials(form)) {
    const report = (/** @type {string} */ text) => progress.report(`${name}: ${trial.measure}`, text);
    all.push(...lines(trial, await runTrial(name, trial, form.repeats, report)));
  }
  progress.clear();
  console.log(`\n${name}: ${title}\n${table(all)}`);
  return { name, title, note, lines: all };
}
