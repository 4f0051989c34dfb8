import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { version as victoriaLogsVersion } from '../../scripts/victoria-logs.js';
import { parseConfig } from '../../src/config/index.ts';
import { describeWithCollector, validateCollectorConfig } from '../support/collector-process.js';

const root = join(__dirname, '../..');

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly extends?: { readonly file: string; readonly service: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

/** The part of the Compose Specification that our files use: an unknown key is a mistake. */
const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['services'],
  properties: {
    services: { type: 'object', minProperties: 1, additionalProperties: { $ref: '#/definitions/service' } },
    volumes: { type: 'object', additionalProperties: { type: 'null' } },
  },
  definitions: {
    texts: { type: 'array', items: { type: 'string' }, uniqueItems: true },
    service: {
      type: 'object',
      additionalProperties: false,
      oneOf: [{ required: ['image'] }, { required: ['build'] }, { required: ['extends'] }],
      properties: {
        image: { type: 'string' },
        build: {
          type: 'object',
          additionalProperties: false,
          required: ['context', 'dockerfile'],
          properties: { context: { type: 'string' }, dockerfile: { type: 'string' } },
        },
        extends: {
          type: 'object',
          additionalProperties: false,
          required: ['file', 'service'],
          properties: { file: { type: 'string' }, service: { type: 'string' } },
        },
        command: { type: 'array', items: { type: 'string' } },
        user: { type: 'string' },
        environment: { type: 'object', additionalProperties: { type: 'string' } },
        ports: { type: 'array', items: { type: 'string', pattern: '^127\\.0\\.0\\.1:\\d+:\\d+$' } },
        volumes: { $ref: '#/definitions/texts' },
        depends_on: { $ref: '#/definitions/texts' },
      },
    },
  },
};

const read = (file: string): Compose => parse(readFileSync(join(root, file), 'utf8'), { merge: true });

/** A compose file with what its services take over from another one. */
function resolved(file: string): Compose {
  const { services, ...rest } = read(file);
  const whole = Object.entries(services).map(([name, service]) => {
    const from = service.extends;
    return [name, from === undefined ? service : read(from.file).services[from.service]!] as const;
  });
  return { ...rest, services: Object.fromEntries(whole) };
}

/** A mount of the compose file: what is mounted, and where in the container. */
function mounts(service: Service): { source: string; target: string }[] {
  return (service.volumes ?? []).map((volume) => {
    const [source, target] = volume.split(':');
    return { source: source!, target: target! };
  });
}

/** The file in the repository that a path in the container is. */
function inRepository(service: Service, path: string): string {
  const mounted = mounts(service).find(({ target }) => target === path);
  return join(root, mounted?.source ?? path);
}

/** The files behind the `--config` parameters of a Collector. */
function collectorConfigs(service: Service): string[] {
  return (service.command ?? []).map((parameter) =>
    inRepository(service, parameter.replace(/^--config=/, '')),
  );
}

const files = ['docker-compose.yml', 'docker-compose.fleet.yml'];
const compose = resolved('docker-compose.yml');
const fleet = resolved('docker-compose.fleet.yml');

describe.each(files)('%s', (file) => {
  const { services: byName, volumes = {} } = resolved(file);
  const services = Object.entries(byName);
  const collectors = services.filter(([, { image }]) => image?.includes('opentelemetry-collector'));

  test('has the form that the Compose Specification asks for', () => {
    const validate = new Ajv({ allErrors: true }).compile(schema);

    validate(read(file));

    expect(validate.errors ?? []).toEqual([]);
  });

  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  (hasCompose ? test : test.skip)('is accepted by docker compose', () => {
    const { stderr } = spawnSync('docker', ['compose', '-f', file, 'config', '--quiet'], {
      cwd: root,
      encoding: 'utf8',
    });

    expect(stderr).toBe('');
  });

  test('names a version of every image, down to the patch', () => {
    const images = services.flatMap(([, { image, build }]) => {
      if (image !== undefined) return [image];
      const dockerfile = readFileSync(join(root, build!.context, build!.dockerfile), 'utf8');
      return [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from!);
    });

    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+(-[a-z-]+)?$/.test(image))).toEqual([]);
    expect(images).toHaveLength(services.length);
  });

  test('mounts only files that are in the repository and volumes that it declares', () => {
    const sources = services.flatMap(([, service]) => mounts(service).map(({ source }) => source));
    const named = sources.filter((source) => !source.startsWith('.'));

    expect(sources.filter((source) => source.startsWith('.') && !existsSync(join(root, source)))).toEqual([]);
    expect([...new Set(named)].sort()).toEqual(Object.keys(volumes).sort());
  });

  test('waits for services that exist', () => {
    const awaited = services.flatMap(([, service]) => service.depends_on ?? []);

    expect(awaited.filter((name) => !(name in byName))).toEqual([]);
  });

  test('takes no port of this machine twice', () => {
    const ports = services.flatMap(([, service]) => (service.ports ?? []).map((port) => port.split(':')[1]));

    expect(new Set(ports).size).toBe(ports.length);
  });

  test('sends from one service to the next at names that exist', () => {
    const values = services.flatMap(([, { environment = {}, command = [] }]) => [
      ...Object.values(environment),
      ...command.map((parameter) => parameter.replace(/^-storageNode=/, '')),
    ]);
    const hosts = values.flatMap((value) => /^(?:\w+:\/\/)?([a-z][\w-]*):\d+$/.exec(value)?.[1] ?? []);

    expect(new Set(hosts).size).toBeGreaterThan(4);
    expect(hosts.filter((name) => !(name in byName))).toEqual([]);
  });

  test('gives a Collector only variables that its configuration reads', () => {
    for (const [, service] of collectors) {
      const text = collectorConfigs(service).map((path) => readFileSync(path, 'utf8'));
      const given = Object.keys(service.environment ?? {});

      expect(given.filter((name) => !text.join('').includes(`\${env:${name}:-`))).toEqual([]);
    }
  });

  test('runs the Collector that the tests run', () => {
    const { version } = parse(readFileSync(join(root, 'collector-config/builder.yaml'), 'utf8')).dist;

    expect(new Set(collectors.map(([, { image }]) => image))).toEqual(
      new Set([`otel/opentelemetry-collector-contrib:${version}`]),
    );
  });

  test('starts programs that are in the image', () => {
    const built = services.filter(([, { build }]) => build !== undefined);
    const programs = built.map(([, { command }]) => command![1]!);

    expect(programs.filter((path) => !path.startsWith('dist/') && !existsSync(join(root, path)))).toEqual([]);
    expect(programs).toContain('dist/esm/cli/distlogd.js');
  });
});

describe('docker-compose.yml', () => {
  test('brings up customers, services, distlogd, a Collector and a backend', () => {
    const names = ['backend', 'checkout', 'collector', 'customers', 'distlogd', 'payments'];
    expect(Object.keys(compose.services).sort()).toEqual(names);
  });

  test('sends logs to distlogd, spans and metrics to the Collector, and all of it to the backend', () => {
    const { customers, checkout, payments, collector, distlogd } = compose.services;

    expect(customers?.environment?.CHECKOUT_URL).toBe(`http://checkout:${checkout?.environment?.PORT}`);
    expect(checkout?.environment?.PAYMENTS_URL).toBe(`http://payments:${payments?.environment?.PORT}`);
    for (const service of [checkout, payments]) {
      expect(service?.environment).toMatchObject({
        DISTLOGD_ENDPOINT: 'tcp://distlogd:5011',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317',
      });
    }
    expect(distlogd?.environment?.COLLECTOR_ENDPOINT).toBe('http://collector:4317');
    expect(collector?.environment?.COLLECTOR_GRPC_ENDPOINT).toBe('0.0.0.0:4317');
    expect(collector?.environment?.BACKEND_OTLP_ENDPOINT).toBe('backend:4317');
  });

  test('configures a distlogd that starts', () => {
    const { environment = {}, command = [] } = compose.services.distlogd!;
    const file = command.at(-1)!;
    const text = readFileSync(join(root, file), 'utf8');
    const result = parseConfig(text, { fileName: file, environment, directory: '/burstlog' });

    expect(result).toMatchObject({
      config: {
        data: '/var/lib/distlogd',
        receivers: { zmqAck: { endpoint: 'tcp://0.0.0.0:5011' } },
        http: { endpoint: { host: 'distlogd', port: 5080 } },
        sinks: [{ type: 'store' }, { type: 'otlp', endpoint: 'http://collector:4317' }],
      },
    });
    const used = [...text.matchAll(/\$\{env:(\w+)/g)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(Object.keys(environment)));
  });

  test('copies into the image of the services only what is in the repository', () => {
    const { context, dockerfile } = compose.services.checkout!.build!;
    const text = readFileSync(join(root, context, dockerfile), 'utf8');
    const copied = [...text.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '));

    expect(copied.filter((path) => !path.includes('*') && !existsSync(join(root, context, path)))).toEqual(
      [],
    );
  });
});

describe('docker-compose.fleet.yml', () => {
  test('spreads traces over workers, and records over several storage nodes', () => {
    const names = Object.keys(fleet.services);
    const { collector, vlinsert, vlselect } = fleet.services;
    const workers = names.filter((name) => name.startsWith('worker'));
    const nodes = names.filter((name) => name.startsWith('vlstorage'));

    expect(Object.values(collector?.environment ?? {})).toEqual(
      expect.arrayContaining(workers.map((name) => `${name}:4317`)),
    );
    expect(workers).toHaveLength(2);
    for (const front of [vlinsert, vlselect]) {
      expect(front?.command).toEqual(
        expect.arrayContaining(nodes.map((name) => `-storageNode=${name}:9428`)),
      );
    }
    expect(nodes).toHaveLength(2);
  });

  test('runs the VictoriaLogs that the tests run', () => {
    const images = Object.entries(fleet.services).filter(([name]) => name.startsWith('vl'));

    expect(new Set(images.map(([, { image }]) => image))).toEqual(
      new Set([`victoriametrics/victoria-logs:${victoriaLogsVersion}`]),
    );
  });
});

describeWithCollector('the configuration of a Collector', () => {
  test('is valid for a Collector with files alone', async () => {
    expect(await validateCollectorConfig(join(root, 'collector-config/collector.yaml'))).toBe('');
  });

  test.each([
    ['collector', compose],
    ['collector', fleet],
    ['worker-1', fleet],
    ['worker-2', fleet],
  ])('is valid as the compose file puts it together: %s', async (name, { services }) => {
    const service = services[name]!;

    expect(await validateCollectorConfig(collectorConfigs(service), service.environment)).toBe('');
  });

  test('is refused if it is invalid, so the tests above mean something', async () => {
    const output = await validateCollectorConfig(join(root, 'docker-compose.yml'));

    expect(output).toContain('has invalid keys');
  });
});
