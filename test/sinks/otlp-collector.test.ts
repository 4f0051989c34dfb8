import { join } from 'node:path';
import { resolve } from '../../src/settings/index.ts';
import { OtlpSink, otlpSinkOptions } from '../../src/sinks/otlp/index.ts';
import { SinkRunner } from '../../src/sinks/runner/index.ts';
import { readCollectorFile } from '../support/collector-json.js';
import { describeWithCollector } from '../support/collector-process.js';
import { folderForEachTest } from './support/folder.ts';
import { listener, one } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const config = 'collector-config/collector.yaml';
const folder = folderForEachTest();

describeWithCollector('the OTLP sink and a real Collector', ({ startCollector }) => {
  test.each(['grpc', 'http'] as const)(
    '%s: down, up, killed, up again: every record arrives',
    async (protocol) => {
      const journal = new MemoryJournal();
      const first = await startCollector({ config });
      const port = protocol === 'grpc' ? first.grpcPort : first.httpPort;
      const samePorts = { config, grpcPort: first.grpcPort, httpPort: first.httpPort };
      await first.kill();
      const runner = new SinkRunner({
        name: 'collector',
        sink: new OtlpSink(
          resolve(otlpSinkOptions, 'otlp', { endpoint: `http://127.0.0.1:${port}`, protocol }),
          {
            log: listener(),
          },
        ),
        journal,
        cursorFile: join(folder(), 'cursor'),
        deadLetterDirectory: join(folder(), 'dead'),
        log: listener(),
        retry: { initialMillis: 20, maxMillis: 100 },
      });
      const passed = async (position: number) => {
        while (runner.position < position) await new Promise(setImmediate);
      };
      const add = (from: number, to: number) => {
        for (let each = from; each < to; each += 1) journal.add(one(`${each}`));
      };
      add(0, 100);
      await runner.start();
      while (runner.stats().retries < 2) await new Promise(setImmediate);
      expect(runner.position).toBe(1);

      const second = await startCollector(samePorts);
      await passed(101);
      await second.kill();
      add(100, 200);
      while (runner.stats().trouble === undefined) await new Promise(setImmediate);
      const third = await startCollector({ ...samePorts, env: { COLLECTOR_REST_FILE: second.restFile } });
      await passed(201);
      await runner.stop(5_000);
      await third.stop();

      const bodies = readCollectorFile(second.restFile).map(({ body }) => Number(body));
      expect(new Set(bodies)).toEqual(new Set(Array.from({ length: 200 }, (_, at) => at)));
    },
  );
});
