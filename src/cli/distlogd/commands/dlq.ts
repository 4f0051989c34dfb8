import type { LoadedConfig } from '../../../daemon/index.ts';
import { dataLayout } from '../../../disk/index.ts';
import { errorText } from '../../../record/index.ts';
import { nearest } from '../../../settings/index.ts';
import { counted, sizeText } from '../../../text/index.ts';
import { type Command, configOptions, type Given, usageError } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { alarming, type Io } from '../io.ts';
import { loadConfig } from '../load-config.ts';
import type { DeadLetterSummary, DeadLetters } from '../parts.ts';

export const dlq: Command = {
  name: 'dlq',
  summary: 'dead letters: what a receiving end refused for good',
  details: [
    'list           how many there are for each sink, and why',
    'replay SINK    gives them to the sink again; what is refused again stays',
  ],
  words: 'list | replay SINK',
  options: configOptions,
  async run(given, io, parts) {
    const action = actionOf(given);
    const loaded = await loadConfig(given, io);
    if (loaded === undefined) return ExitCode.CONFIG;
    const names = loaded.config.sinks.map(({ name }) => name);
    if (action.sink !== undefined && !names.includes(action.sink)) {
      const near = nearest(action.sink, names);
      throw usageError(
        `no sink ${JSON.stringify(action.sink)}; ${near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`}`,
      );
    }
    if (parts.deadLetters === undefined) {
      io.err('distlogd dlq: the daemon is not part of this build');
      return ExitCode.SOFTWARE;
    }
    try {
      await (action.sink === undefined
        ? list(parts.deadLetters, loaded, io)
        : replay(parts.deadLetters, loaded, action.sink, io));
      return ExitCode.OK;
    } catch (error) {
      io.err(alarming(io, `distlogd dlq: ${error instanceof Error ? error.message : errorText(error)}`));
      return ExitCode.FAILED;
    }
  },
};

function actionOf({ words }: Given): { readonly sink?: string } {
  const [action, sink, ...more] = words;
  if (action === 'list' && sink === undefined) return {};
  if (action === 'replay' && sink !== undefined && more.length === 0) return { sink };
  throw usageError('dlq takes list, or replay and the name of a sink');
}

async function list(deadLetters: DeadLetters, { config }: LoadedConfig, io: Io): Promise<void> {
  const found = await deadLetters.list(dataLayout(config.data));
  if (found.length === 0) io.out('no dead letters');
  for (const summary of found) io.out(lineOf(summary));
}

function lineOf({ sink, entries, records, bytes, causes, oldestMillis }: DeadLetterSummary): string {
  const why = Object.entries(causes).map(([cause, count]) => `${count} ${cause}`);
  const since = new Date(oldestMillis).toISOString();
  return `${sink}: ${counted(entries, 'batch', 'batches')}, ${counted(records, 'record')}, ${sizeText(bytes)}, since ${since}: ${why.join(', ')}`;
}

async function replay(deadLetters: DeadLetters, loaded: LoadedConfig, sink: string, io: Io): Promise<void> {
  const { taken, left } = await deadLetters.replay(loaded, sink);
  io.out(`${sink}: of its dead letters, ${taken} handed back, ${left} left`);
}
