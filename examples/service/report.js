// Prints the progress, how many records were exported, and the tree of a failed request.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Severity } from 'burstlog';

/** @typedef {import('../../test/support/otlp-decode.js').DecodedRecord} DecodedRecord */

const isTerminal = process.stdout.isTTY === true;
const isColoured = isTerminal && !process.env.NO_COLOR;
const nameWidth = 18;
/** The program of `npx -p burstlog distlog`. */
const distlog = fileURLToPath(new URL('../../dist/esm/cli/distlog.js', import.meta.url));

const codes = { bold: 1 };
const styled = (style, text) => (isColoured ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);

/** @param {string} text */
export function printTitle(text) {
  console.log(`\n${styled('bold', text)}`);
}

/** @param {string} text of several lines, whose line breaks count for nothing */
export function printText(text) {
  const words = text.split(/\s+/);
  let line = ' ';
  for (const word of words) {
    if (line.length + word.length > 100) {
      console.log(line);
      line = ' ';
    }
    line += ` ${word}`;
  }
  console.log(line);
}

/** @param {string} name @param {string} text */
export function printLine(name, text) {
  console.log(`  ${name.padEnd(nameWidth)}${text}`);
}

/** On a terminal a line that is updated; otherwise a line at each quarter. */
export function printProgress(name, done, total) {
  const text = `  ${name.padEnd(nameWidth)}${done} of ${total} answered`;
  if (isTerminal) process.stdout.write(`\r${text}${done === total ? '\n' : ''}`);
  else if (done % (total / 4) === 0) console.log(text);
}

/**
 * @param {readonly DecodedRecord[]} records all that have arrived
 * @param {number} debugLogged how many DEBUG records the services emitted
 */
export function printCounts(records, debugLogged) {
  // Each burst ends with a record that describes it.
  const bursts = records.filter(isManifest).length;
  const arrived = (from, below) =>
    records.filter((record) => {
      return record.severityNumber >= from && record.severityNumber < below && !isManifest(record);
    }).length;
  const debugExported = arrived(Severity.TRACE, Severity.INFO);
  printLine(
    'DEBUG',
    `${grouped(debugLogged)} emitted, ${grouped(debugExported)} exported, in ${bursts} bursts`,
  );
  printLine('INFO', `${grouped(arrived(Severity.INFO, Severity.ERROR))} emitted, all exported at once`);
  printLine('ERROR', `${grouped(arrived(Severity.ERROR, Infinity))} emitted, all exported at once`);
}

/**
 * Prints what the last failed request tried to do, in all services: `distlog tree --last-failed`.
 *
 * @param {string} file lines of OTLP/JSON
 */
export function printLastFailed(file) {
  const args = [distlog, 'tree', '--last-failed', '--color', isColoured ? 'always' : 'never', file];
  const { stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  console.log(stdout.trimEnd().replace(/^(?=.)/gm, '  '));
}

function isManifest(record) {
  return record.eventName === 'burst.released';
}

function grouped(count) {
  return count.toLocaleString('en');
}
