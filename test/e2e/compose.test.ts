import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { describeWithCollector, validateCollectorConfig } from '../support/collector-process.js';

const root = join(__dirname, '../..');

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
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

/** The part of the Compose Specification that our file uses: an unknown key is a mistake. */
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
      oneOf: [{ required: ['image'] }, { required: ['build'] }],
      properties: {
        image: { type: 'string' },
        build: {
          type: 'object',
          additionalProperties: false,
          required: ['context', 'dockerfile'],
          properties: { context: { type: 'string' }, dockerfile: { type: 'string' } },
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

const compose: Compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'));
const services = Object.entries(compose.services);

/** `image:tag` of every image, also of the one that the Dockerfile starts from. */
const images = services.flatMap(([, { image, build }]) => {
  if (image !== undefined) return [image];
  const dockerfile = readFileSync(join(root, build!.context, build!.dockerfile), 'utf8');
  return [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from!);
});

/** A mount of the compose file: what is mounted, and where in the container. */
function mounts(service: Service): { source: string; target: string }[] {
  return (service.volumes ?? []).map((volume) => {
    const [source, target] = volume.split(':');
    return { source: source!, target: target! };
  });
}

describe('the compose file', () => {
  test('has the form that the Compose Specification asks for', () => {
    const validate = new Ajv({ allErrors: true }).compile(schema);

    validate(compose);

    expect(validate.errors ?? []).toEqual([]);
  });

  test('brings up the sample services, a Collector and a backend', () => {
    expect(Object.keys(compose.services).sort()).toEqual(['backend', 'checkout', 'collector', 'payments']);
  });

  test('names a version of every image, down to the patch', () => {
    expect(images.filter((image) => !/:\d+\.\d+\.\d+(-[a-z-]+)?$/.test(image))).toEqual([]);
    expect(images).toHaveLength(4);
  });

  test('mounts only files that are in the repository and volumes that it declares', () => {
    const sources = services.flatMap(([, service]) => mounts(service).map(({ source }) => source));
    const missing = sources.filter((source) =>
      source.startsWith('.') ? !existsSync(join(root, source)) : !(source in (compose.volumes ?? {})),
    );

    expect(missing).toEqual([]);
  });

  test('waits for services that there are', () => {
    const awaited = services.flatMap(([, service]) => service.depends_on ?? []);

    expect(awaited.filter((name) => !(name in compose.services))).toEqual([]);
  });

  test('takes no port of this machine twice', () => {
    const ports = services.flatMap(([, service]) => (service.ports ?? []).map((port) => port.split(':')[1]));

    expect(new Set(ports).size).toBe(ports.length);
  });

  test('sends from one service to the next at names and ports that exist', () => {
    const { checkout, payments, collector } = compose.services;

    expect(checkout?.environment?.PAYMENTS_URL).toBe(`http://payments:${payments?.environment?.PORT}`);
    expect(checkout?.environment?.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://collector:4317');
    expect(payments?.environment?.OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://collector:4317');
    expect(collector?.environment?.COLLECTOR_GRPC_ENDPOINT).toBe('0.0.0.0:4317');
    expect(collector?.environment?.BACKEND_OTLP_ENDPOINT).toBe('backend:4317');
  });

  test('gives the Collector only variables that its configuration reads', () => {
    const text = collectorConfigs().map((path) => readFileSync(path, 'utf8'));
    const given = Object.keys(compose.services.collector?.environment ?? {});

    expect(given.filter((name) => !text.join('').includes(`\${env:${name}:-`))).toEqual([]);
  });

  test('copies into the image of the service only what is in the repository', () => {
    const { context, dockerfile } = compose.services.checkout!.build!;
    const text = readFileSync(join(root, context, dockerfile), 'utf8');
    const copied = [...text.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '));

    expect(copied.filter((path) => !path.includes('*') && !existsSync(join(root, context, path)))).toEqual(
      [],
    );
  });
});

describeWithCollector('the configuration of the Collector', () => {
  test('is sound for a Collector with files alone', async () => {
    expect(await validateCollectorConfig(join(root, 'collector-config/collector.yaml'))).toBe('');
  });

  test('is sound as the compose file puts it together', async () => {
    const { environment } = compose.services.collector!;

    expect(await validateCollectorConfig(collectorConfigs(), environment)).toBe('');
  });

  test('is refused where it is none, so the tests above mean something', async () => {
    const said = await validateCollectorConfig(join(root, 'docker-compose.yml'));

    expect(said).toContain('has invalid keys');
  });
});

/** The files in the repository behind the `--config` parameters of the Collector. */
function collectorConfigs(): string[] {
  const { command = [] } = compose.services.collector ?? {};
  const inContainer = command.map((parameter) => parameter.replace(/^--config=/, ''));
  const mounted = mounts(compose.services.collector ?? {});
  return inContainer.map((path) => join(root, mounted.find(({ target }) => target === path)?.source ?? path));
}
