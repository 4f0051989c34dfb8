// What is printed: progress, how many records left the process, and the story of one request that failed.
import { Severity } from 'burstlog';

/** @typedef {import('../../test/support/otlp-decode.js').DecodedRecord} DecodedRecord */

const isTerminal = process.stdout.isTTY === true;
const isColoured = isTerminal && !process.env.NO_COLOR;
const nameWidth = 15;

const codes = { bold: 1, dim: 2, red: 31 };
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

/** A line that moves on a terminal; elsewhere, every quarter a line. */
export function printProgress(name, done, total) {
  const text = `  ${name.padEnd(nameWidth)}${done} of ${total} answered`;
  if (isTerminal) process.stdout.write(`\r${text}${done === total ? '\n' : ''}`);
  else if (done % (total / 4) === 0) console.log(text);
}

/**
 * @param {readonly DecodedRecord[]} records all that have arrived
 * @param {number} debugLogged how many DEBUG records the service logged
 */
export function printCounts(records, debugLogged) {
  // Each burst ends with a record that tells of it.
  const bursts = records.filter(isManifest).length;
  const arrived = (from, below) =>
    records.filter((record) => {
      return record.severityNumber >= from && record.severityNumber < below && !isManifest(record);
    }).length;
  const debugLeft = arrived(Severity.TRACE, Severity.INFO);
  printLine(
    'DEBUG',
    `${grouped(debugLogged)} logged, ${grouped(debugLeft)} left the process, in ${bursts} bursts`,
  );
  printLine('INFO', `${grouped(arrived(Severity.INFO, Severity.ERROR))} logged, all left at once`);
  printLine('ERROR', `${grouped(arrived(Severity.ERROR, Infinity))} logged, all left at once`);
}

/**
 * All that arrived of one request, in order: by time, and within a millisecond by the place in the burst.
 *
 * @param {readonly DecodedRecord[]} records
 * @param {string} traceId
 */
export function storyOf(records, traceId) {
  const place = (record) => record.attributes['burst.sequence'] ?? Number.MAX_SAFE_INTEGER;
  return records
    .filter((record) => record.traceId === traceId && !isManifest(record))
    .sort((one, other) => nanosSince(other, one) || place(one) - place(other));
}

/** @param {readonly DecodedRecord[]} story */
export function printStory(story) {
  const bodyWidth = Math.max(...story.filter(isQuiet).map((record) => record.body.length));
  for (const record of story) {
    const millis = `+${Math.round(nanosSince(story[0], record) / 1e6)} ms`;
    const attributes = Object.entries(record.attributes)
      .filter(([name]) => !name.startsWith('burst.'))
      .map(([name, value]) => `${name}=${value}`);
    const columns = [record.severityText.padEnd(5), record.body.padEnd(bodyWidth), attributes.join(' ')];
    const line = `  ${millis.padEnd(9)}${columns.join('  ')}`;
    if (record.severityNumber >= Severity.ERROR) console.log(styled('red', line));
    else console.log(isQuiet(record) ? styled('dim', line) : line);
  }
}

function isManifest(record) {
  return record.eventName === 'burst.released';
}

function isQuiet(record) {
  return record.severityNumber < Severity.INFO;
}

function nanosSince(start, record) {
  return Number(BigInt(record.timeUnixNano) - BigInt(start.timeUnixNano));
}

function grouped(count) {
  return count.toLocaleString('en');
}
