import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ratioLine, spreadLine } from '../figures.js';

export const title =
  'How much longer does an application take to start and to end? `--import burstlog/register` beside `NodeSDK` with logs, ' +
  'traces and the instrumentation of pino (an empty program, from its start to its end), and `require("burstlog")` alone.';

const RATIO_AT_MOST = 1.15;
const MILLIS_AT_MOST = 25;

const peers = fileURLToPath(new URL('../peers/', import.meta.url));
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const env = {
  ...process.env,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'env',
};

/** @type {Readonly<Record<string, readonly string[]>>} */
const preloads = {
  burstlog: ['--import', `${dist}esm/register.js`],
  'sdk-node': ['--require', './sdk-node.cjs'],
};
/** Loads the package and prints the duration. The API belongs to the application, which loads it anyway. */
const timedRequire = `
  require('@opentelemetry/api');
  const begin = performance.now();
  require(${JSON.stringify(`${dist}cjs/index.js`)});
  console.log(performance.now() - begin);
`;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: 'an application starts and ends',
      options: '--import burstlog/register; --require NodeSDK',
      sides: { burstlog: { preload: 'burstlog' }, 'sdk-node': { preload: 'sdk-node' } },
    },
    { measure: 'require("burstlog")', options: 'CommonJS', sides: { require: { preload: '' } } },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ preload }) {
  const parameters = preloads[String(preload)];
  const run = (/** @type {readonly string[]} */ given) =>
    execFileSync(process.execPath, given, { cwd: peers, env, encoding: 'utf8' });
  return {
    repeat() {
      if (parameters === undefined) return { millis: Number(run(['--eval', timedRequire])) };
      const begin = performance.now();
      run([...parameters, 'empty.cjs']);
      return { millis: performance.now() - begin };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  if ('require' in results) {
    return [
      spreadLine(trial, results, {
        side: 'require',
        figure: 'millis',
        unit: 'ms',
        what: 'until it is loaded',
        atMost: MILLIS_AT_MOST,
      }),
    ];
  }
  return [
    ratioLine(trial, results, {
      figure: 'millis',
      unit: 'ms',
      ours: 'burstlog',
      theirs: 'sdk-node',
      atMost: RATIO_AT_MOST,
    }),
  ];
}
