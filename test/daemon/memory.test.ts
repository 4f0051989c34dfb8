import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { neededMemory } from '../../src/daemon/index.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { daemonsForEachTest } from './support/daemon-process.ts';
import { jsonRequest } from './support/json-request.ts';
import { loadedConfig } from './support/loaded-config.ts';

const folder = folderForEachTest();
const start = daemonsForEachTest(folder);

const yaml = `data: ./data
receivers: { otlpHttp: { endpoint: "127.0.0.1:0", maxRequestBytes: 8MiB } }
sinks: { out: { type: file, path: out.jsonl }, second: { type: file, path: second.jsonl, format: text } }
http: { endpoint: "127.0.0.1:0" }
`;

test('the formula follows the limits', async () => {
  const of = async (text: string) => neededMemory((await loadedConfig(text, folder())).config);
  const base = await of(yaml);
  const MIB = 2 ** 20;
  expect(base).toBe(
    192 * MIB + 32 * MIB + 512 * 100_000 + 2 * 128 * MIB + (160 + 4 * 8) * MIB + 2 * (64 + 16) * MIB,
  );
  expect((await of(yaml.replace('8MiB', '128MiB'))) - base).toBe(
    2 * (256 - 128) * MIB + 4 * 120 * MIB + 2 * 2 * 120 * MIB,
  );
  expect(base - (await of(`${yaml}journal: { producers: { maxCount: 1000 } }\n`))).toBe(512 * 99_000);
  const withStore = yaml.replace('second: {', 'more: { type: store }, second: {');
  expect((await of(withStore)) - base).toBe((64 + 16 + 3 * 160) * MIB);
  writeFileSync(
    join(folder(), 'p.cjs'),
    `exports.plugin = { burstlog: 1, processors: [{ type: 'x', meaning: '', options: {}, make() {} }] }`,
  );
  const withRules = `${yaml}rules: { a: { drop: true, when: 'body == "a"' }, b: { sample: 0.5 } }\n`;
  expect((await of(withRules)) - base).toBe((32 + 2 * 2 * 8) * MIB + (2 * 8 * MIB) / 32);
  const withProcessors = `${yaml}plugins: [./p.cjs]\nprocessors: { a: { type: x }, b: { type: x } }\n`;
  expect((await of(withProcessors)) - base).toBe((2 * (192 + 4 * 8) + 16) * MIB);
});

(existsSync('/proc/self/status') ? test : test.skip)(
  'a daemon under as many large requests as it takes stays within the formula',
  async () => {
    writeFileSync(join(folder(), 'distlogd.yaml'), yaml);
    const needed = neededMemory((await loadedConfig(yaml, folder())).config);
    const daemon = start(['-c', 'distlogd.yaml']);
    const { otlpHttp, http } = await daemon.ready();
    const bodies = Array.from({ length: 4_000 }, () => randomBytes(700).toString('base64'));
    const body = gzipSync(jsonRequest(...bodies), { level: 1 });
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const send = async () => {
      const answer = await fetch(`${otlpHttp}/v1/logs`, { method: 'POST', headers, body }).catch(
        () => undefined,
      );
      await answer?.arrayBuffer();
      return answer?.status;
    };
    const answers: (number | undefined)[] = [];
    for (let round = 0; round < 2; round += 1)
      answers.push(...(await Promise.all(Array.from({ length: 16 }, send))));
    expect(answers.filter((status) => status === 200).length).toBeGreaterThan(10);
    const peak = Number(
      /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))![1],
    );
    expect(peak * 1_024).toBeLessThan(needed);
    const status = (await (await fetch(`${http}/status`)).json()) as { memory: { neededBytes: number } };
    expect(status.memory.neededBytes).toBe(needed);
  },
  90_000,
);
