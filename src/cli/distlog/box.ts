import { readFile } from 'node:fs/promises';
import { type BoxContents, readBox } from '../../box/index.ts';
import { counted } from '../../text/index.ts';
import { buildTrees, lines, treeRecord } from '../../tree/index.ts';
import { command } from '../command.ts';
import { ExitCode, usageError } from '../exit-code.ts';
import type { Io } from '../io.ts';

export const box = command({
  name: 'box',
  summary: 'shows the content of a black box, without changing it',
  details: [
    'Shows the records that were neither delivered nor discarded, as trees, and the last words and the last vital',
    'signs of the process. The process may still be running. The file is only read: the next start of the service, or',
    'distlogd, still recovers it.',
    'Exit codes: 65 not a black box, 66 no such file.',
  ],
  words: 'FILE...',
  options: {
    ascii: { type: 'boolean', help: 'uses ASCII characters only' },
  },
  async run({ values, words }, io) {
    if (words.length === 0) throw usageError('expected a file');
    let code: ExitCode = ExitCode.OK;
    for (const file of words) {
      const contents = await contentsOf(file);
      if ('problem' in contents) {
        io.err(`distlog: ${file}: ${contents.problem}`);
        code = contents.code;
      } else {
        await show(file, contents, values.ascii === true, io);
      }
    }
    return code;
  },
});

async function contentsOf(file: string): Promise<BoxContents | { problem: string; code: ExitCode }> {
  try {
    const contents = readBox(await readFile(file));
    return typeof contents === 'string' ? { problem: contents, code: ExitCode.NO_DATA } : contents;
  } catch (error) {
    return { problem: (error as Error).message, code: ExitCode.NO_INPUT };
  }
}

async function show(file: string, contents: BoxContents, ascii: boolean, io: Io): Promise<void> {
  const { header, records, signs, lastWords, missingFrames } = contents;
  const head = [
    `${file}: process ${header.pid} of ${header.service}, since ${iso(header.madeMillis)}`,
    ...lastWords.flatMap(({ atMillis, text, stack }) => [
      `last words ${iso(atMillis)}: ${text}`,
      ...(stack === undefined ? [] : stack.split('\n').map((line) => `  ${line}`)),
    ]),
  ];
  const last = signs.at(-1);
  if (last !== undefined) {
    const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    head.push(
      `last sign ${iso(last.atMillis)}: rss ${mebibytes(last.rss)}, heap ${mebibytes(last.heapUsed)} of ` +
        `${mebibytes(last.heapLimit)}, event loop ${last.loopDelayMillis} ms late, ${last.holding} held`,
    );
  }
  if (missingFrames > 0) head.push(`${counted(missingFrames, 'frame')} missing or damaged`);
  const held = records.filter(({ state }) => state === 'held').length;
  head.push(`${counted(held, 'record')} held, ${records.length - held} not delivered`);
  for (const line of head) io.out(line);
  const trees = buildTrees(records.map(({ record }) => treeRecord(record)));
  await io.lines(
    lines(trees, { unfold: 'all', ascii, color: false, width: io.terminal?.columns ?? Infinity }),
  );
}

function iso(millis: number): string {
  return new Date(millis).toISOString();
}
