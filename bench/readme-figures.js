/** @typedef {import('./case.js').Line & { readonly case: string }} MeasuredLine */
/** @typedef {{ readonly date: string, readonly lines: readonly MeasuredLine[] }} Measured docs/benchmarks.json */

const BEGIN = '<!-- Figures: written by `npm run bench` from docs/benchmarks.json -->';
const END = '<!-- End of figures -->';

/**
 * Returns README.md with the figures of a run. test/readme.test.ts compares it with the committed file.
 *
 * @param {string} readme
 * @param {Measured} measured
 */
export function withFigures(readme, measured) {
  const [before, rest = ''] = readme.split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`README.md must contain the lines "${BEGIN}" and "${END}"`);
  return `${before}${BEGIN}\n\n${figures(measured)}\n\n${END}${after}`;
}

/** @param {Measured} measured */
function figures({ date, lines }) {
  const of = (/** @type {string} */ name, text = '') =>
    lines.filter((line) => line.case === name && line.measure.includes(text));
  const ratio = (/** @type {readonly MeasuredLine[]} */ all) => range(all.map((line) => line.ratio ?? NaN));
  const value = (/** @type {readonly MeasuredLine[]} */ all) => all[0]?.figures.replace(/ \(.*/, '') ?? '';
  const journal = of('bridge-throughput').filter(({ options }) => options.includes('8 under way'));
  const deferred = of('emit-deferred', 'held');
  const rows = [
    deferred.length > 0
      ? [
          "a DEBUG record held by `BurstLoggerProvider`, against the SDK's `emit()`",
          `${ratio(deferred)} of the time`,
        ]
      : [
          'holding a DEBUG record, against putting it into a plain ring',
          `${ratio(of('emit-held'))} of the time`,
        ],
    [
      'a DEBUG record held and discarded, against one exported',
      `${ratio(of('cpu-per-record'))} of the CPU time`,
    ],
    [
      'a held record, against the SDK record alone',
      `${ratio(of('heap-held', 'per held record'))} of the memory`,
    ],
    ['longest event loop delay while 100,000 records are released', value(of('burst-100000', 'longest'))],
    [
      'a task, against the same span and records written without it',
      `${ratio(of('task', 'callback'))} of the time`,
    ],
    [
      'sending to `distlogd`, against the OTLP/gRPC exporter',
      `${ratio(of('zmq-sender-cpu'))} of the CPU time`,
    ],
    [
      'records that `distlogd` acknowledges from its disk, per second',
      `${value(journal.filter((line) => line.ratio === undefined))
        .replace(/^distlogd /, '')
        .replace(/ records\/s$/, '')}` +
        ` (${ratio(journal.filter((line) => line.ratio !== undefined))} of a Collector with a persistent queue)`,
    ],
  ];
  const bounded = lines.filter(({ isMet }) => isMet !== undefined);
  const met = bounded.filter(({ isMet }) => isMet);
  return [
    '| measure | figure |',
    '|---|---|',
    ...rows.map(([what, figure]) => `| ${what} | ${figure} |`),
    '',
    `Measured on ${date}, two cores; ${met.length} of ${bounded.length} bounds met. All figures, bounds and missed bounds:`,
    '[docs/benchmarks.md](docs/benchmarks.md).',
  ].join('\n');
}

/** @param {readonly number[]} numbers */
function range(numbers) {
  const least = Math.min(...numbers).toFixed(2);
  const most = Math.max(...numbers).toFixed(2);
  return least === most ? least : `${least} to ${most}`;
}
