import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCollector } from '../../scripts/collector.js';
import { type DecodedLogRecord, type DecodedResource, encodeDecoded } from '../../src/otlp/index.ts';
import { compileCondition, loadPatterns } from '../../src/ottl/index.ts';
import { decodeLogsJson } from '../support/collector-json.js';
import { startCollector } from '../support/collector-process.js';
import { conditions, resources } from './cases.ts';

const { path, reason } = findCollector();
const withCollector = path === undefined ? test.skip : test;
if (path === undefined) console.warn(`the comparison with the Collector needs a Collector: ${reason}`);

/** Every condition is a separate pipeline: records that its filter does not drop are written to its file. */
function config(texts: readonly string[]): string {
  const names = texts.map((_, index) => String(index));
  const endpoint = ['$', '{env:COLLECTOR_HTTP_ENDPOINT}'].join('');
  const parts = {
    receivers: { otlp: { protocols: { http: { endpoint } } } },
    processors: Object.fromEntries(
      texts.map((text, index) => [
        `filter/${index}`,
        { error_mode: 'ignore', logs: { log_record: [text.replaceAll('$', '$$$$')] } },
      ]),
    ),
    exporters: Object.fromEntries(names.map((name) => [`file/${name}`, { path: `./${name}.jsonl` }])),
    service: {
      pipelines: Object.fromEntries(
        names.map((name) => [
          `logs/${name}`,
          { receivers: ['otlp'], processors: [`filter/${name}`], exporters: [`file/${name}`] },
        ]),
      ),
    },
  };
  return JSON.stringify(parts, null, 1);
}

/**
 * The scope's version identifies the record: a filter does not change it, and each record has a separate
 * scope.
 */
const all = resources.flatMap((resource, index) =>
  resource.scopes.flatMap((scope) =>
    scope.records.map((record, at) => ({ resource, scope, record, id: `${index}.${at}` })),
  ),
);

function numbered(): DecodedResource[] {
  return all.map(({ resource, scope, record, id }) => ({
    ...resource,
    scopes: [{ ...scope, version: id, records: [record as DecodedLogRecord] }],
  }));
}

withCollector(
  'a condition has the answer of the Collector’s filter processor, for every record',
  async () => {
    expect(conditions.length * all.length).toBeGreaterThan(200);
    const collector = await startCollector({ config: config(conditions) });
    try {
      const response = await fetch(`http://127.0.0.1:${collector.httpPort}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: Buffer.from(encodeDecoded({ resources: numbered() })),
      });
      expect(response.status).toBe(200);
      await collector.stop();
      const written = new Set(readdirSync(collector.directory));
      const patterns = await loadPatterns();
      const differences = conditions.flatMap((text, index) => {
        const name = `${index}.jsonl`;
        const lines = written.has(name) ? readFileSync(join(collector.directory, name), 'utf8').trim() : '';
        const kept = new Set(
          lines
            .split('\n')
            .filter((line) => line !== '')
            .flatMap((line) => decodeLogsJson(JSON.parse(line)).map(({ scope }) => scope.version)),
        );
        const { test: ours } = compileCondition(text, patterns);
        return all
          .filter(({ record, scope, resource, id }) => {
            const dropped = ours(record, { ...scope, version: id }, resource) === true;
            return dropped === kept.has(id);
          })
          .map(({ id, record }) => `${text} | record ${id} ${JSON.stringify(record.body, asText)}`);
      });
      expect(differences).toEqual([]);
    } finally {
      await collector.cleanUp();
    }
  },
  120_000,
);

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
