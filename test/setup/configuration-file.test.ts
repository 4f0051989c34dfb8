import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { readConfigurationFile } from '../../src/setup/configuration-file.ts';
import { burstComponent, zmqComponent } from '../../src/setup/index.ts';
import { Packages } from '../../src/setup/packages.ts';
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
  // INFO is quiet here: it is released with the burst; the one of the successful request is not.
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

describe('what is read of a file', () => {
  const read = (model: object, loads: object = {}) => {
    const messages: string[] = [];
    const parser = { parseConfigFile: () => model };
    const packages = new Packages(__filename, () => {});
    jest.spyOn(packages, 'load').mockImplementation((name) => {
      return name === '@opentelemetry/configuration' ? parser : (loads as Record<string, never>)[name];
    });
    const file = readConfigurationFile('shop.yaml', packages, (message) => messages.push(message));
    return { file, messages };
  };

  test.each([
    ['a list', { attributes_list: 'team=web,service.name=a%2Cb' }, { team: 'web', 'service.name': 'a,b' }],
    [
      'attributes, which go before those of the list',
      { attributes: [{ name: 'team', value: 'db' }], attributes_list: 'team=web,zone=1' },
      { team: 'db', zone: '1' },
    ],
    ['nothing', { attributes: null, attributes_list: null }, {}],
  ])('the resource of %s', (_what, resource, expected) => {
    const { file, messages } = read({ resource });
    expect([file.isDisabled, file.resourceAttributes, messages]).toEqual([false, expected, []]);
  });

  test.each([
    [{ always_off: null }, { OTEL_TRACES_SAMPLER: 'always_off' }],
    [{ parent_based: null }, { OTEL_TRACES_SAMPLER: 'parentbased_always_on' }],
    [
      { parent_based: { root: { trace_id_ratio_based: { ratio: 0.25 } } } },
      { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
    ],
    [{ trace_id_ratio_based: {} }, { OTEL_TRACES_SAMPLER: 'traceidratio' }],
  ])('the sampler %j', (sampler, expected) => {
    const { file, messages } = read({ tracer_provider: { sampler, processors: [] } });
    expect(messages).toEqual([]);
    expect(file.variables).toMatchObject(expected);
    expect(Object.keys(file.variables)).toHaveLength(1 + Object.keys(expected).length);
  });

  test('the propagators, of both forms', () => {
    const propagator = { composite: [{ tracecontext: null }, { b3: {} }], composite_list: 'baggage' };
    expect(read({ propagator }).file.variables).toEqual({ OTEL_PROPAGATORS: 'tracecontext,b3,baggage' });
  });

  test('properties that are null have their defaults', () => {
    const burst = { emit_level: 'warn', scope: null, capacity: 7, slower_than: '2s', exporter: stdout };
    const { file, messages } = read({ logger_provider: { processors: [{ 'burst/development': burst }] } });
    expect([messages, file.settings]).toEqual([
      [],
      { emitLevel: 'WARN', capacity: 7, slowerThanMillis: 2_000 },
    ]);
  });

  /** What an exporter of OTLP is made with. */
  const optionsOf = (component: object, suffix = 'proto') => {
    const made: object[] = [];
    class OTLPLogExporter {
      constructor(options: object) {
        made.push(options);
      }
      export() {}
      shutdown() {}
    }
    const { messages } = read(
      { logger_provider: { processors: [{ batch: { exporter: component } }] } },
      { [`@opentelemetry/exporter-logs-otlp-${suffix}`]: { OTLPLogExporter } },
    );
    return { made, messages };
  };

  test('headers, of which those of the list come last, and are percent-decoded', () => {
    const headers = [{ name: 'api-key', value: 'own' }, { name: 'empty' }];
    const list = 'api-key=other, tenant = a%20b ,basic=dXNlcg==,';
    const otlp = { endpoint: 'http://a:1', timeout: 500, compression: 'gzip', headers, headers_list: list };
    expect(optionsOf({ otlp_http: otlp })).toEqual({
      made: [
        {
          ...{ url: 'http://a:1', timeoutMillis: 500, compression: 'gzip' },
          headers: { 'api-key': 'own', empty: '', tenant: 'a b', basic: 'dXNlcg==' },
        },
      ],
      messages: [],
    });
    expect(optionsOf({ otlp_http: { headers: null, headers_list: null, tls: null } }).made).toEqual([{}]);
    expect(optionsOf({ otlp_http: { encoding: 'json' } }, 'http').made).toEqual([{}]);
  });

  test.each([
    [
      'an invalid list',
      { otlp_http: { headers_list: 'api-key=%zz' } },
      'otlp_http.headers_list must be a list',
    ],
    [
      'a list without keys',
      { otlp_http: { headers_list: 'secret' } },
      'otlp_http.headers_list must be a list',
    ],
    ['headers of grpc', { otlp_grpc: { headers_list: 'a=b' } }, 'headers and tls are not supported here'],
    ['TLS', { otlp_http: { tls: {} } }, 'tls is not supported here'],
    ['a package that is missing', { otlp_http: { encoding: 'json' } }, 'npm i @opentelemetry/exporter-logs'],
    ['two exporters in one', { console: null, otlp_http: null }, 'must have exactly one entry'],
  ])('%s is reported, without its value', (_what, exporter, message) => {
    const suffix = 'otlp_grpc' in exporter ? 'grpc' : 'proto';
    const { made, messages } = optionsOf(exporter, suffix);
    expect(made).toEqual([]);
    expect(messages).toEqual([expect.stringContaining(message)]);
    expect(messages[0]).not.toMatch(/%zz|secret/);
  });
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
