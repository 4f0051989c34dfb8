import { peerVersions } from './machine.js';
import { markdownTable } from './table.js';

/** @typedef {import('./case.js').Line} Line */
/** @typedef {import('./case.js').Finished} Finished */

/**
 * Renders docs/benchmarks.md.
 *
 * @param {readonly (readonly (string | undefined)[])[]} machine
 * @param {import('./case.js').Form} form
 * @param {readonly Finished[]} cases
 * @param {string} time
 */
export function page(machine, { repeats }, cases, time) {
  const bounded = cases.flatMap(({ lines }) => lines).filter(({ isMet }) => isMet !== undefined);
  const missed = bounded.filter(({ isMet }) => isMet === false);
  const verdict =
    missed.length === 0
      ? `All ${bounded.length} bounds were met.`
      : `${missed.length} of ${bounded.length} bounds were missed:\n\n${missed.map(asItem).join('\n')}`;
  return `# Benchmarks

This page is written by the run itself, \`npm run bench\` (${time} minutes): manual changes are overwritten.

${verdict}

## Where

| | |
| --- | --- |
${machine.map(([name, value]) => `| ${name} | ${value} |`).join('\n')}

## How

Each side of a comparison runs in processes of its own, warm and with full buffers. It is measured ${repeats} times
where nothing else is said, the sides in turns (what takes nanoseconds in ten short slices of each repeat), and the
processes are replaced after one or three repeats. Figures are medians; behind them stand the least and the greatest
of the repeats. A ratio is the median of the ratios of the repeats, since the two sides of a repeat share the weather
of the machine. Nanoseconds differ from machine to machine; ratios much less. The bounds are goals, set apart from
the measurements: a missed one stays missed here. A line without a bound is there for scale.

${cases.map(section).join('\n\n')}
`;
}

/** @param {Finished} finished */
function section({ name, title, note, lines }) {
  const table = `## ${name}\n\n${title} (\`bench/cases/${name}.js\`)\n\n${markdownTable(lines)}`;
  const text = note === undefined ? table : `${table}\n\n${note}`;
  return name === 'peers' ? `${text}\n\n${besidePeers(lines)}` : text;
}

/** @param {readonly Line[]} lines */
function besidePeers(lines) {
  const better = lines.filter(
    ({ nanoseconds = Infinity, ourNanoseconds = 0 }) => nanoseconds < ourNanoseconds,
  );
  const cheaper =
    better.length === 0
      ? 'No peer was cheaper than burstlog in this run, like with like.'
      : `Cheaper than burstlog in this run, like with like:\n\n${better.map(asItem).join('\n')}`;
  return `Versions: ${peerVersions().join(', ')}.

${cheaper}

Where a peer is better whatever the figures say: LogTape has no dependency and buffers whatever sink it is given;
Powertools needs no OpenTelemetry, and its buffer ends with the Lambda invocation by itself; what pino has written
survives a crash of the process, and what is held does not.`;
}

/** @param {Line} line */
function asItem({ measure, options, figures, ratio, bound }) {
  const against = bound === undefined ? '' : `, bound ${bound}`;
  return `- ${measure} (${options}): ${figures}${ratio === undefined ? '' : `, ratio ${ratio.toFixed(2)}`}${against}`;
}
