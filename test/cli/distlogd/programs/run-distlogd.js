// distlogd's command line with a daemon that only prints its calls. See test/cli/distlogd/run.test.ts.

import { once } from 'node:events';

const built = '../../../../build/cli';
const { runProgram } = await import(`${built}/run-program.js`);
const { processIo } = await import(`${built}/io.js`);
const { distlogd } = await import(`${built}/distlogd/distlogd.js`);

/** @type {() => void} */
let end = () => {};
/** @type {Promise<void>} */
const ended = new Promise((done) => {
  end = done;
});

const daemon = {
  reload: async (/** @type {any} */ { config }) => {
    if (config.sinks.length > 1) throw new Error('one sink only');
    process.stdout.write(`reloaded ${config.journal.maxBytes}\n`);
  },
  stop: async () => {
    process.stdout.write('stopping\n');
    if (process.env.SLOW === undefined) end();
  },
  ended,
};

const program = distlogd(async () => {
  if (process.env.REFUSE !== undefined) {
    throw Object.assign(new Error('the data directory /x is in use by process 5'), {
      code: process.env.REFUSE,
    });
  }
  setInterval(() => {}, 60_000);
  // Printed after this call, when the signal handlers are installed.
  await undefined;
  if (process.env.SLOW_START !== undefined) {
    process.stdout.write('starting\n');
    await once(process.stdin, 'data');
  }
  process.stdout.write('ready\n');
  return daemon;
});

process.exit(await runProgram(program, process.argv.slice(2), processIo('1.2.3')));
