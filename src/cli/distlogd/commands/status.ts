import { type StatusReport, showDuration, showSize } from '../../../daemon/index.ts';
import { errorText } from '../../../record/index.ts';
import { type Command, configOptions } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { alarming } from '../io.ts';
import { loadConfig } from '../load-config.ts';

export const status: Command = {
  name: 'status',
  summary: 'asks the running daemon how it is: sinks behind, senders, losses by cause',
  details: ['Asks at the http address of the configuration. Exit code 69: nobody answers there.'],
  options: {
    ...configOptions,
    json: { type: 'boolean', help: 'prints the answer as it comes, JSON' },
  },
  async run(given, io, parts) {
    const loaded = await loadConfig(given, io);
    if (loaded === undefined) return ExitCode.CONFIG;
    if (loaded.config.http === undefined) {
      io.err(alarming(io, 'distlogd status: http is off in the configuration, so there is nobody to ask'));
      return ExitCode.UNAVAILABLE;
    }
    const { requestStatus } = parts;
    if (requestStatus === undefined) {
      io.err('distlogd status: the daemon is not part of this build');
      return ExitCode.SOFTWARE;
    }
    try {
      const report = await requestStatus(loaded);
      if (given.values.json === true) io.out(JSON.stringify(report, null, 2));
      else for (const line of statusLines(report)) io.out(line);
      return ExitCode.OK;
    } catch (error) {
      io.err(alarming(io, `distlogd status: ${error instanceof Error ? error.message : errorText(error)}`));
      return ExitCode.UNAVAILABLE;
    }
  },
};

/** For people; control characters of names and messages do not reach the terminal. */
function statusLines({ version, pid, upMillis, journal, receivers, sinks }: StatusReport): readonly string[] {
  const up = showDuration(Math.floor(upMillis / 1_000) * 1_000);
  const full = journal.isFull ? ', full: nothing is taken' : '';
  return [
    `distlogd ${version}, process ${pid}, up ${up}`,
    `journal: ${journal.batches} batches, ${rough(journal.bytes)} of ${showSize(journal.maxBytes)}, ${journal.producers} senders${full}`,
    ...receivers.flatMap(({ name, endpoint, records, batches, duplicates, refused, dropped }) => [
      `receiver ${name} at ${endpoint}: ${records} records in ${batches} batches, ${duplicates} repeated`,
      ...counts('refused batches', refused),
      ...counts('lost records', dropped),
    ]),
    ...sinks.flatMap(({ name, type, behind, written, lost, deadLetters, trouble }) => [
      `sink ${name} (${type}): ${written} records written, ${behind.records} behind (${rough(behind.bytes)}, ${(behind.ageMillis / 1_000).toFixed(1)}s), ${deadLetters} dead letters`,
      ...counts('lost records', lost),
      ...(trouble === undefined ? [] : [`  tries again: ${trouble}`]),
    ]),
  ].map((line) => line.replaceAll(/\p{Cc}/gu, ' '));
}

function counts(what: string, byCause: Readonly<Record<string, number>>): readonly string[] {
  const some = Object.entries(byCause).filter(([, count]) => count > 0);
  return some.length === 0
    ? []
    : [`  ${what}: ${some.map(([cause, count]) => `${count} ${cause}`).join(', ')}`];
}

function rough(bytes: number): string {
  const unit = [2 ** 30, 2 ** 20, 2 ** 10].find((size) => bytes >= size) ?? 1;
  return showSize(Math.round(bytes / unit) * unit);
}
