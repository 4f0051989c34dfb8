import { isNotice } from '../../reader/index.ts';
import { command } from '../command.ts';
import { ExitCode, usageError } from '../exit-code.ts';
import { queryOf, queryOptions } from './query-options.ts';
import { recordLines } from './record-lines.ts';
import { reading } from './session.ts';
import { paintOf, showOptions } from './show-options.ts';
import { exitDetails, sourceDetails, sourceOf, sourceOptions } from './source-options.ts';

export const tail = command({
  name: 'tail',
  summary: 'shows log records as they arrive',
  details: [
    'Runs until it is interrupted. If records arrive faster than they can be shown, it reports how many were missed.',
    ...sourceDetails,
    `Exit codes: ${exitDetails}`,
  ],
  words: '[FILE...]',
  options: {
    words: { type: 'string', value: 'WORDS', help: 'only records that contain each of these words' },
    when: queryOptions.when,
    since: {
      ...queryOptions.since,
      help: 'also records since 5m or 2h ago, or since a date (default: none)',
    },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['pretty', 'flat', 'json'],
      help: 'pretty (default): indented by task; flat; or json: one line of OTLP/JSON per record',
    },
    color: showOptions.color,
    ...sourceOptions,
  },
  async run({ values, words: files }, io) {
    const { words, format = 'pretty' } = values;
    const { when, fromNanos } = await queryOf(values);
    const { color } = paintOf(values, io);
    if (files.includes('-') && files.length > 1)
      throw usageError('standard input (-) cannot be combined with files');
    const { source } = sourceOf(values, files, io);
    const stop = new AbortController();
    const unlisten = [
      io.onSignal('SIGINT', () => stop.abort()),
      io.onSignal('SIGTERM', () => stop.abort()),
      io.onClosed(() => stop.abort()),
    ];
    const linesOf = recordLines({ form: format === 'pretty' ? 'tree' : format, color });
    try {
      return await reading(
        io,
        async (signal, onNotice) => {
          for await (const found of source.tail({ words, when, fromNanos }, signal)) {
            if (isNotice(found)) onNotice(found);
            else await io.lines(linesOf(found));
          }
          return ExitCode.OK;
        },
        stop.signal,
      );
    } finally {
      for (const each of unlisten) each();
    }
  },
});
