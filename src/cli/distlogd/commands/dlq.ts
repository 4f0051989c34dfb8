import { dataLayout } from '../../../disk/index.ts';
import { problemText } from '../../../record/index.ts';
import { nearest } from '../../../settings/index.ts';
import { counted, sizeText } from '../../../text/index.ts';
import { command } from '../../command.ts';
import { commandError, ExitCode, usageError } from '../../exit-code.ts';
import { type DeadLetterSummary, deadLettersOf, replayDeadLetters } from '../dead-letters.ts';
import { configOptions, loadConfig } from '../load-config.ts';

export const dlq = command({
  name: 'dlq',
  summary: 'lists and replays dead letters: records that a destination rejected permanently',
  details: [
    'list           shows the number of dead letters per sink, and the reasons',
    'replay SINK    sends them to the sink again; those that are rejected again are kept',
  ],
  words: 'list | replay SINK',
  options: configOptions,
  async run({ values, words }, io) {
    const sink = sinkOf(words);
    const loaded = await loadConfig(values, io);
    if (loaded === undefined) return ExitCode.CONFIG;
    if (sink !== undefined)
      checkKnown(
        sink,
        loaded.config.sinks.map(({ name }) => name),
      );
    try {
      if (sink === undefined) {
        const found = await deadLettersOf(dataLayout(loaded.config.data));
        if (found.length === 0) io.out('no dead letters');
        for (const summary of found) io.out(lineOf(summary));
      } else {
        const { taken, left } = await replayDeadLetters(loaded, sink);
        io.out(`${sink}: ${counted(taken, 'dead letter', 'dead letters')} replayed, ${left} left`);
      }
      return ExitCode.OK;
    } catch (error) {
      throw commandError(ExitCode.FAILED, problemText(error));
    }
  },
});

/** Returns the sink of `replay`; undefined for `list`. */
function sinkOf([action, sink, ...more]: readonly string[]): string | undefined {
  if (action === 'list' && sink === undefined) return undefined;
  if (action === 'replay' && sink !== undefined && more.length === 0) return sink;
  throw usageError('expected list, or replay and the name of a sink');
}

function checkKnown(sink: string, names: readonly string[]): void {
  if (names.includes(sink)) return;
  const near = nearest(sink, names);
  const meant = near === undefined ? `expected one of ${names.join(', ')}` : `did you mean ${near}?`;
  throw usageError(`no sink ${JSON.stringify(sink)}; ${meant}`);
}

function lineOf({ sink, entries, records, bytes, causes, oldestMillis }: DeadLetterSummary): string {
  const why = Object.entries(causes).map(([cause, count]) => `${count} ${cause}`);
  const since = new Date(oldestMillis).toISOString();
  return `${sink}: ${counted(entries, 'batch', 'batches')}, ${counted(records, 'record')}, ${sizeText(bytes)}, since ${since}: ${why.join(', ')}`;
}
