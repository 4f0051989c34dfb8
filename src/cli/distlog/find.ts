import { isNotice, MAX_RECORDS, Selection } from '../../reader/index.ts';
import { count } from '../../text/index.ts';
import { command } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { limitOf, queryOf, queryOptions } from './query-options.ts';
import { recordLines } from './record-lines.ts';
import { reading } from './session.ts';
import { paintOf, showOptions } from './show-options.ts';
import { exitDetails, sourceDetails, sourceOf, sourceOptions } from './source-options.ts';

const DEFAULT_LIMIT = 100;

export const find = command({
  name: 'find',
  summary: 'finds log records by words and conditions',
  details: [
    'WORDS: each must occur in the body, the event name or the attributes of a record, as a whole word, in any case.',
    'order-4711 matches order followed directly by 4711. The newest records are shown, the latest last.',
    "With files, the first argument is always WORDS; '' matches every record.",
    ...sourceDetails,
    `Exit codes: 1 no matching record, ${exitDetails}`,
  ],
  words: '[WORDS] [FILE...]',
  options: {
    ...queryOptions,
    limit: { type: 'string', value: 'N', help: `the maximum number of records (default: ${DEFAULT_LIMIT})` },
    order: {
      type: 'string',
      value: 'WHICH',
      choices: ['newest', 'oldest'],
      help: 'which records to show if there are more (default: newest)',
    },
    count: { type: 'boolean', help: 'prints only the number of records' },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['pretty', 'json'],
      help: 'pretty (default), or json: one line of OTLP/JSON per record',
    },
    color: showOptions.color,
    ...sourceOptions,
  },
  async run({ values, words: [words = '', ...files] }, io) {
    const { order = 'newest', format = 'pretty' } = values;
    const limit = limitOf(values.limit, MAX_RECORDS, DEFAULT_LIMIT);
    const query = { words, ...(await queryOf(values)) };
    const { color } = paintOf(values, io);
    const { source, clear } = sourceOf(values, files, io);
    return await reading(io, async (signal, onNotice) => {
      if (values.count !== undefined) {
        const { records, atLeast } = await source.count(query, signal);
        clear();
        io.out(`${atLeast ? 'at least ' : ''}${count(records)}`);
        return records > 0 ? ExitCode.OK : ExitCode.FAILED;
      }
      // Sorted by time, in any order of the source.
      const selection = new Selection(limit, 'oldest');
      let hasMore = false;
      for await (const found of source.find({ ...query, limit, order }, signal)) {
        if (!isNotice(found)) selection.add(found);
        else if (found.notice === 'more') hasMore = true;
        else onNotice(found);
      }
      clear();
      const linesOf = recordLines({ form: format === 'json' ? 'json' : 'flat', color });
      const lines = (function* () {
        for (const group of selection.groups()) yield* linesOf(group);
      })();
      await (format === 'json' ? io.lines(lines) : io.pages(lines));
      if (hasMore)
        io.err(`distlog: these are the ${order} ${limit}; to see others, use --limit, --since or --until`);
      if (selection.count > 0) return ExitCode.OK;
      io.err('distlog: no matching record');
      return ExitCode.FAILED;
    });
  },
});
