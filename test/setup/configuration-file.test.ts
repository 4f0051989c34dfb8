import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { burstComponent, zmqComponent } from '../../src/setup/index.ts';
import { RecordingExporter } from '../support/exporters.ts';
import { bodiesOf, program, recordsIn, runNode } from './support/run-app.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'burstlog-config-'));
  // The official parser brings much; here its result is enough: it keeps the names and the order of the file.
  writeFileSync(join(directory, 'parser.cjs'), PARSER);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Stands in for `@opentelemetry/configuration`, which is no dependency: a file that is JSON already. */
const PARSER = `
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  return name === '@opentelemetry/configuration' ? __filename : resolve.call(this, name, ...rest);
};
exports.parseConfigFile = (path) => JSON.parse(readFileSync(path, 'utf8'));
`;

async function run(model: object) {
  const file = join(directory, 'config.json');
  writeFileSync(file, JSON.stringify(model));
  const preload = ['--require', join(directory, 'parser.cjs'), '--import', 'burstlog/register'];
  return runNode([...preload, program('shop.cjs')], { OTEL_CONFIG_FILE: file });
}

const stdout = { 'otlp_file/development': { output_stream: 'stdout' } };

test('a file sets up the burst, resource, sampler and exporters that it names', async () => {
  const ended = await run({
    file_format: '1.0',
    resource: { attributes: [{ name: 'service.name', value: 'from the file' }] },
    propagator: { composite: [{ tracecontext: null }] },
    logger_provider: {
      processors: [{ 'burst/development': { emit_level: 'ERROR', exporter: stdout } }],
    },
    tracer_provider: {
      sampler: { parent_based: { root: { always_on: null } } },
      processors: [{ simple: { exporter: { console: null } } }],
    },
  });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const bodies = bodiesOf(recordsIn(ended.stdout));
  // INFO is quiet here: it leaves with the burst, that of the good request does not.
  expect(bodies).toEqual(expect.arrayContaining(['bad: order received', 'bad: card was declined']));
  expect(bodies).not.toContain('good: order received');
  expect(ended.stdout).toContain('from the file');
  expect(ended.stdout).toContain("name: 'pay by bad card'");
});

test.each([
  ['an unknown processor', { logger_provider: { processors: [{ bursts: { exporter: stdout } }] } }],
  ['an unknown exporter', { logger_provider: { processors: [{ batch: { exporter: { otpl: {} } } }] } }],
  ['an unknown sampler', { tracer_provider: { sampler: { sometimes: {} } } }],
  [
    'an unknown property',
    { logger_provider: { processors: [{ 'burst/development': { emitlevel: 'INFO', exporter: stdout } }] } },
  ],
])('%s is reported, and the application runs without an SDK', async (_what, model) => {
  const { code, stdout: written, stderr } = await run(model);
  expect({ code, written }).toEqual({ code: 0, written: '' });
  expect(stderr).toMatch(/cannot be used, so nothing is set up: .*(unknown|emit_level\?)/);
});

describe('the components for a registry of plugins', () => {
  test('burst/development makes a processor of the exporter that the registry made', async () => {
    const exporter = new RecordingExporter();
    const processor = burstComponent.createComponent({ burst_level: 'FATAL', exporter });
    expect(processor).toBeInstanceOf(BurstLogRecordProcessor);
    await processor.shutdown();
    expect(exporter.calls).toContain('shutdown');
  });

  test('a wrong property names the known ones', () => {
    expect(() => burstComponent.createComponent({ burst_level: 'LOUD', exporter: stdout })).toThrow(
      'burst_level must be TRACE, DEBUG, INFO, WARN, ERROR or FATAL, got "LOUD"',
    );
  });

  test('zmq/development makes an exporter', async () => {
    await zmqComponent.createComponent({ endpoint: 'tcp://127.0.0.1:1' }).shutdown();
    expect(zmqComponent).toMatchObject({ componentType: 'LogRecordExporter', name: 'zmq/development' });
  });
});
