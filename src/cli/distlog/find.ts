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
    'WORDS: each has to be in the body, the event name or the attributes of a record, as a whole word, in any case.',
    'order-4711 means order, and right behind it 4711. The newest records are shown, the latest last.',
    "With files, the first argument is always WORDS; '' stands for any.",
    ...sourceDetails,
    `Exit codes: 1 no record fits, ${exitDetails}`,
  ],
  words: '[WORDS] [FILE...]',
  options: {
    ...queryOptions,
    limit: { type: 'string', value: 'N', help: `so many records at most (default: ${DEFAULT_LIMIT})` },
    order: {
      type: 'string',
      value: 'WHICH',
      choices: ['newest', 'oldest'],
      help: 'which records, if there are more (default: newest)',
    },
    count: { type: 'boolean', help: 'prints only how many there are' },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['pretty', 'json'],
      help: 'pretty (default), or json: a line of OTLP/JSON for each record',
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
      // Shown by their own times, whatever the order in which the source gives them.
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
        io.err(`distlog: there are more; these are the ${order} ${limit}: --limit, --since or --until`);
      if (selection.count > 0) return ExitCode.OK;
      io.err('distlog: no record fits');
      return ExitCode.FAILED;
    });
  },
});
