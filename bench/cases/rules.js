import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogsEncoder } from '../../build/otlp/index.js';
import { RuleSet, ruleOptions } from '../../build/rules/index.js';
import { resolve } from '../../build/settings/index.js';
import { FileSink } from '../../build/sinks/file/index.js';
import { fileSinkOptions } from '../../build/sinks/file/options.js';
import { ratioLine, spreadLine } from '../figures.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  'What do rules cost a record on its way into a file? Batches of 512 records of 4 attributes. One rule keeps all, one ' +
  'drops every other record, one redacts an attribute of each.';

const BATCH = 512;
const ENTRIES = 64;
const FILE_RATIO_AT_LEAST = 0.5;

/** @type {{ readonly [side: string]: object }} */
const rules = {
  kept: { drop: true, when: 'attributes["http.route"] == "/none" and severity_number >= 1' },
  halved: { drop: true, when: 'severity_number < 9' },
  redacted: { redact: { keys: ['http.route'] } },
};

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: 'rules over a record',
      options: 'decoded for its rules; the sink gets bytes',
      sides: { kept: { rule: 'kept' }, halved: { rule: 'halved' }, redacted: { rule: 'redacted' } },
      repeatsPerProcess: 3,
    },
    {
      measure: 'records a second into a file',
      options: 'one rule that keeps all, and none; without fsync',
      sides: { ruled: { rule: 'kept', file: true }, plain: { rule: 'none', file: true } },
      repeatsPerProcess: 3,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ rule, file }) {
  const given = rules[String(rule)];
  const match = /** @type {const} */ ('all');
  const chosen = given === undefined ? {} : { rule: resolve(ruleOptions(undefined), 'rule', given) };
  const encoder = new LogsEncoder();
  const body = encoder.encode(sdkRecords(BATCH, 4));
  const directory = mkdtempSync(join(tmpdir(), 'burstlog-rules-'));
  const path = join(directory, 'out.jsonl');
  const log = { emit: () => {} };
  const options = { ...resolve(fileSinkOptions, 'file', { path, fsync: 'never' }), path };
  const sink = file ? new FileSink(options, { log }) : undefined;
  await sink?.open(undefined);
  const { signal } = new AbortController();
  let index = 1;
  const work = async () => {
    // Different indexes, so that nothing is cached.
    const view = new RuleSet({ rules: chosen, match }, undefined).viewOf('out');
    const entries = Array.from({ length: ENTRIES }, () => ({
      index: index++,
      receivedMillis: 0,
      records: BATCH,
      body,
    }));
    const viewed = view === undefined ? entries : (await view.view(entries, signal, false)).entries;
    if (sink === undefined) return;
    await sink.prepare?.(signal);
    await sink.write(viewed, signal);
  };
  for (let warm = 0; warm < 5; warm += 1) await work();
  return {
    async repeat() {
      const from = performance.now();
      for (let turn = 0; turn < 5; turn += 1) await work();
      const millis = performance.now() - from;
      const records = 5 * ENTRIES * BATCH;
      return { nanoseconds: (millis * 1e6) / records, perSecond: (records * 1e3) / millis };
    },
    async end() {
      await sink?.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @param {import('../case.js').Trial} trial @param {import('../case.js').Results} results */
export function lines(trial, results) {
  if ('ruled' in trial.sides) {
    const wanted = { figure: 'perSecond', unit: 'records/s', ours: 'ruled', theirs: 'plain' };
    return [ratioLine(trial, results, { ...wanted, atLeast: FILE_RATIO_AT_LEAST })];
  }
  return Object.keys(trial.sides).map((side) => ({
    ...spreadLine(trial, results, {
      side,
      figure: 'nanoseconds',
      unit: 'ns',
    }),
    measure: `${trial.measure}, ${side}`,
  }));
}
