import { type BurstRow, burstLine, burstRows, collect, MAX_RECORDS, viewOf } from '../../reader/index.ts';
import { safeJson } from '../../text/index.ts';
import { command } from '../command.ts';
import { plainData } from './json-rows.ts';
import { listOptions, listRows } from './list-command.ts';
import { exitDetails, sourceDetails } from './source-options.ts';

export const bursts = command({
  name: 'bursts',
  summary: 'lists bursts: when debug records were released, why, and how many were lost',
  details: [
    'One line each: time, number of records released and lost, service, id, and trace, which distlog tree',
    'shows.',
    ...sourceDetails,
    `Exit codes: 1 no bursts, ${exitDetails}`,
  ],
  words: '[FILE...]',
  options: listOptions('burst'),
  async run({ values, words: files }, io) {
    return await listRows<BurstRow>(values, files, io, {
      kind: 'burst',
      none: 'no burst',
      find: async (source, query, _, onNotice, signal) => {
        const view = viewOf('bursts', query.when);
        const all = { ...query, ...view, limit: MAX_RECORDS, order: 'newest' } as const;
        return burstRows(await collect(source, all, onNotice, signal));
      },
      line: burstLine,
      json: jsonRow,
    });
  },
});

function jsonRow({ seconds, nanos, body, attributes, ...row }: BurstRow): string {
  const timeUnixNano = String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  return safeJson({ timeUnixNano, body, ...row, attributes: plainData(attributes) });
}
