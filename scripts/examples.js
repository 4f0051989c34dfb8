// Installs the framework examples with the packed burstlog, starts each as a real process, sends it one
// request that succeeds and one that fails, and checks what a real OTLP/HTTP receiver gets:
//
//   node scripts/examples.js [--all | names]
//
// Without --all it skips examples that take long to install and build. The copies with their node_modules
// stay in ~/.cache/burstlog/examples, so that the next run installs nothing.
import { doesNotMatch } from 'node:assert/strict';
import { cases } from './examples/cases.js';
import { installExample, packBurstlog } from './examples/install.js';
import { startProgram } from './examples/program.js';
import { startReceiver } from './examples/receiver.js';

const all = process.argv[2] === '--all';
const names = process.argv.slice(all ? 3 : 2);
const unknown = names.filter((name) => !(name in cases));
if (unknown.length > 0) {
  console.error(`examples: expected ${Object.keys(cases).join(', ')}, got ${unknown.join(', ')}`);
  process.exit(64);
}
const tarball = packBurstlog();
let passed = 0;
let failed = 0;
for (const [name, example] of Object.entries(cases)) {
  if (names.length > 0 ? !names.includes(name) : example.isSlow && !all) continue;
  const began = performance.now();
  const receiver = await startReceiver();
  const skipped = example.skip?.();
  try {
    if (skipped !== undefined) {
      console.log(`skipped ${name}: ${skipped}`);
      continue;
    }
    await runExample(example, receiver);
    passed += 1;
    console.log(`ok      ${name}, ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  } catch (error) {
    failed += 1;
    const { stack, stderr = '' } = /** @type {Error & { stderr?: string }} */ (error);
    console.log(`FAILED  ${name}\n${stack}\n${stderr}`);
  } finally {
    await receiver.stop();
  }
}
console.log(`examples: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * @param {import('./examples/cases.js').Example} example
 * @param {import('./examples/receiver.js').Receiver} receiver
 */
async function runExample(example, { url, records, requests }) {
  const cwd = installExample(example.folder, tarball);
  /** @type {import('./examples/program.js').Program[]} */
  const started = [];
  const env = { ...cleanEnvironment(), OTEL_EXPORTER_OTLP_ENDPOINT: url, PORT: '0' };
  try {
    await example.run({
      cwd,
      records,
      requests,
      start(args, more = {}, command = process.execPath) {
        const program = startProgram(command, args, { cwd, env: { ...env, ...more } });
        started.push(program);
        return program;
      },
    });
    for (const program of started) doesNotMatch(program.errors(), /\[otel |Warning:/);
  } catch (error) {
    const { message, stack } = /** @type {Error} */ (error);
    const output = started.map((program) => program.output()).join('\n');
    throw Object.assign(new Error(message), { stack: `${stack}\n--- output\n${output}` });
  } finally {
    for (const program of started) program.kill();
  }
}

/** Removes telemetry variables from the environment of this script. */
function cleanEnvironment() {
  const entries = Object.entries(process.env).filter(([name]) => !/^(OTEL_|BURSTLOG_|NODE_)/.test(name));
  return Object.fromEntries(entries);
}
