import {
  type BurstRow,
  burstLine,
  burstRows,
  collect,
  cutText,
  MAX_RECORDS,
  viewOf,
} from '../../reader/index.ts';
import { safeJson } from '../../text/index.ts';
import { paintLine } from '../../tree/index.ts';
import { command } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { plainData } from './json-rows.ts';
import { limitOf, queryOf, queryOptions } from './query-options.ts';
import { reading } from './session.ts';
import { paintOf, showOptions } from './show-options.ts';
import { exitDetails, sourceDetails, sourceOf, sourceOptions } from './source-options.ts';

const DEFAULT_LIMIT = 50;

export const bursts = command({
  name: 'bursts',
  summary: 'lists bursts: when debug records were released, why, and what was lost before',
  details: [
    'A line for each: when, how many records it released and lost, its service, its id, and its trace, which distlog tree',
    'shows.',
    ...sourceDetails,
    `Exit codes: 1 there are none, ${exitDetails}`,
  ],
  words: '[FILE...]',
  options: {
    ...queryOptions,
    limit: {
      type: 'string',
      value: 'N',
      help: `so many bursts at most, the newest (default: ${DEFAULT_LIMIT})`,
    },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['pretty', 'json'],
      help: 'pretty (default), or json: an object a line for each burst',
    },
    ...showOptions,
    ...sourceOptions,
  },
  async run({ values, words: files }, io) {
    const limit = limitOf(values.limit, MAX_RECORDS, DEFAULT_LIMIT);
    const query = await queryOf(values);
    const paint = paintOf(values, io);
    const { source, clear } = sourceOf(values, files, io);
    return await reading(io, async (signal, onNotice) => {
      const all = { ...query, ...viewOf('bursts', query.when), limit: MAX_RECORDS, order: 'newest' } as const;
      const rows = burstRows(await collect(source, all, onNotice, signal));
      clear();
      const shown = rows.slice(-limit);
      if (values.format === 'json') await io.lines(shown.map(jsonRow));
      else await io.pages(shown.map((row) => paintLine(burstLine(row, paint), 0, paint)));
      if (shown.length < rows.length) io.err(`distlog: ${cutText(shown.length, rows.length, 'burst')}`);
      if (shown.length > 0) return ExitCode.OK;
      io.err('distlog: no burst');
      return ExitCode.FAILED;
    });
  },
});

function jsonRow({ seconds, nanos, said, attributes, ...row }: BurstRow): string {
  const timeUnixNano = String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  return safeJson({ timeUnixNano, body: said, ...row, attributes: plainData(attributes) });
}
