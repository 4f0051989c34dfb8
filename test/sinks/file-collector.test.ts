import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { doubleValue, intValue } from '../../src/otlp/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { FileSink, fileSinkOptions } from '../../src/sinks/file/index.ts';
import { decodeCollectorLines, readCollectorFile } from '../support/collector-json.js';
import { describeWithCollector } from '../support/collector-process.js';
import { folderForEachTest } from './support/folder.ts';
import { batch, listener, record } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const folder = folderForEachTest();
const config = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: \${env:COLLECTOR_HTTP_ENDPOINT}
exporters:
  file:
    path: \${env:COLLECTOR_REST_FILE}
service:
  pipelines:
    logs: { receivers: [otlp], exporters: [file] }
`;

/** One record of each kind, and a long batch, which becomes several lines. */
const records = [
  record('a text: ✓ 漢字 \u0000 \n " \ud800', {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    flags: 1,
    eventName: 'order.paid',
    attributes: [
      ['yes', true],
      ['whole', 42],
      ['negative', -1],
      ['least', intValue(-(2n ** 63n))],
      ['whole double', doubleValue(7)],
      ['tiny', doubleValue(5e-324)],
      ['not a number', doubleValue(Number.NaN)],
      ['infinite', doubleValue(Number.NEGATIVE_INFINITY)],
      ['nothing', null],
      ['bytes', new Uint8Array([0, 1, 127, 128, 255])],
      ['list', ['a', 1, [doubleValue(2.5)], []]],
      ['map', { entries: [['deep', { entries: [['er', 'x']] }]] }],
    ],
  }),
  record('', { severityNumber: 0, severityText: '', timeUnixNano: 0n, droppedAttributesCount: 3 }),
  record('last nanosecond', { observedTimeUnixNano: 2n ** 64n - 1n, severityNumber: 24 }),
  ...Array.from({ length: 600 }, (_, at) => record(`r${at}`)),
];

describeWithCollector('the file sink and a real Collector', ({ startCollector }) => {
  // The decoder is the one of the `otlp_json_file` receiver: pdata's, for JSON.
  test('each line is OTLP/JSON to a Collector: it takes every record as it is', async () => {
    const path = join(folder(), 'app.jsonl');
    const sink = new FileSink({ ...resolve(fileSinkOptions, 'file', {}), path }, { log: listener() });
    await sink.open(undefined);
    await sink.write([new MemoryJournal().add(batch(records), records.length)], new AbortController().signal);
    await sink.close();
    const text = readFileSync(path, 'utf8');
    const lines = text.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(1);

    const collector = await startCollector({ config });
    for (const body of lines) {
      const answer = await fetch(`http://127.0.0.1:${collector.httpPort}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect([answer.status, await answer.json()]).toEqual([200, { partialSuccess: {} }]);
    }
    await collector.stop();

    const arrived = readCollectorFile(collector.restFile);
    expect(arrived).toHaveLength(records.length);
    expect(arrived).toEqual(decodeCollectorLines(text));
    expect(arrived[0]).toMatchObject({
      timeUnixNano: '1795241556123456000',
      severityNumber: 9,
      severityText: 'INFO',
      body: 'a text: ✓ 漢字 \u0000 \n " \ufffd',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      flags: 1,
      eventName: 'order.paid',
      attributes: { least: -(2n ** 63n), bytes: new Uint8Array([0, 1, 127, 128, 255]), nothing: null },
      resource: { attributes: { 'service.name': 'shop' } },
      scope: { name: 'orders' },
    });
    expect(arrived.map(({ body }) => body).slice(1)).toEqual(records.map(({ body }) => body).slice(1));
  });
});
