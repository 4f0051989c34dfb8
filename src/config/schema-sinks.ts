import { join } from 'node:path';
import { dataLayout } from '../disk/index.ts';
import { parseHttpUrl } from '../net/index.ts';
import type {
  ClientTlsConfig,
  ConsoleSinkConfig,
  FileSinkConfig,
  OtlpSinkConfig,
  SinkCommonConfig,
  SinkConfig,
} from './daemon-config.ts';
import type { ChoiceField, Derivation, MapField, ObjectField, ScalarField } from './field.ts';
import { file, flag, oneOf, optional, parsed, required, size, text, time, wholeNumber } from './scalars.ts';

/** What depends on the sort of sink: who keeps the rest waiting, and who rather misses something. */
interface Patience {
  readonly bytes?: string;
  readonly age: string;
  readonly onFull: 'block' | 'skip';
}

function common(patience: Patience) {
  const halfOfJournal = {
    kind: 'derived',
    says: 'half of `journal.maxBytes`',
    from: ({ root }: Derivation) => Math.floor(root.journal?.maxBytes / 2),
  } as const;
  return {
    maxBehind: {
      kind: 'object',
      absence: 'default',
      meaning: 'How far this sink may be behind before `onFull` happens; whichever is reached first.',
      fields: {
        bytes: size({
          absent: patience.bytes ?? halfOfJournal,
          min: '1MiB',
          example: patience.bytes ?? '2GiB',
          meaning: 'Bytes of the journal that wait for it. At most `journal.maxBytes`.',
        }),
        ageMillis: time({
          absent: patience.age,
          min: '1s',
          max: '3650d',
          zero: 'none',
          meaning: 'Age of the oldest record that waits for it. 0: not by age.',
        }),
      },
    },
    onFull: oneOf(['block', 'skip'], {
      absent: patience.onFull,
      meaning:
        '`block`: the receivers take nothing until it has caught up, senders keep their records. `skip`: it misses the oldest, which are counted.',
    }),
    retry: {
      kind: 'object',
      absence: 'default',
      meaning: 'Failed writes are tried again for ever, each time after a longer wait, with jitter.',
      fields: {
        initialMillis: time({ absent: '1s', min: '10ms', max: '1h', meaning: 'The first wait.' }),
        maxMillis: time({ absent: '30s', min: '10ms', max: '1d', meaning: 'The longest wait.' }),
      },
    },
    deadLetters: {
      kind: 'object',
      absence: 'default',
      meaning: 'What the receiving end refuses for good is kept for `distlogd dlq`.',
      fields: {
        maxBytes: size({
          absent: '256MiB',
          min: '1MiB',
          zero: 'none',
          meaning: 'How much is kept; then the oldest go and are counted. 0: none is kept, all are counted.',
        }),
      },
    },
  } as unknown as Omit<ObjectField<SinkCommonConfig>['fields'], 'name'>;
}

/** `name` and `type` come from the map and the choice. */
function variant<T extends SinkConfig>(
  meaning: string,
  fields: Omit<ObjectField<T>['fields'], 'name' | 'type' | keyof SinkCommonConfig>,
  patience: Patience,
): ObjectField<SinkConfig> {
  return {
    kind: 'object',
    absence: 'default',
    meaning,
    fields: { ...fields, ...common(patience) },
  } as unknown as ObjectField<SinkConfig>;
}

const fileSink = variant<FileSinkConfig>(
  'Writes a file: OTLP/JSON lines, which the Collector and lnav read, or lines of text.',
  {
    path: file({
      absent: {
        kind: 'derived',
        says: '`<data>/logs/<name>.jsonl`, or `.log` as text',
        from: ({ holder, data }) =>
          join(dataLayout(data).logs, `${holder.name}.${holder.format === 'text' ? 'log' : 'jsonl'}`),
      },
      use: 'written',
      meaning: 'The file. Folders on the way are made. Below the data directory only `logs/` is for sinks.',
      example: '/var/log/distlogd/archive.jsonl',
    }),
    format: oneOf(['otlpJson', 'text'], {
      absent: 'otlpJson',
      meaning: '`otlpJson`: a batch a line, nothing is lost of it. `text`: a record a line, for people.',
    }),
    rotate: {
      kind: 'object',
      absence: 'default',
      meaning: 'When a new file is begun, and what becomes of the old ones.',
      fields: {
        maxBytes: size({
          absent: '100MiB',
          min: '1MiB',
          zero: 'none',
          meaning: 'From this size on. 0: not by size.',
        }),
        maxAgeMillis: time({
          absent: '1d',
          min: '1m',
          max: '3650d',
          zero: 'none',
          meaning: 'From this age on. 0: not by age.',
        }),
        keep: wholeNumber({ absent: '10', min: 1, max: 100_000, meaning: 'How many old files stay.' }),
        gzip: flag({ absent: 'true', meaning: 'Old files are compressed.' }),
      },
    } as ObjectField<FileSinkConfig['rotate']>,
    fsync: oneOf(['always', 'never'], {
      absent: 'always',
      meaning:
        '`always`: a record counts as written when it is on the disk. `never`: a power failure can take the last ones.',
    }),
  },
  { age: '0', onFull: 'block' },
);

const clientTls = {
  kind: 'object',
  absence: 'optional',
  meaning: 'TLS towards the receiving end; its `endpoint` begins with `https://`.',
  fields: {
    caFile: file({
      absent: optional('the authorities that Node.js knows'),
      use: 'authorities',
      meaning: 'The authorities that may have signed its certificate, PEM.',
      example: '/etc/distlogd/ca.crt',
    }),
    certFile: file({
      absent: optional('no client certificate'),
      use: 'certificate',
      meaning: 'Our certificate, PEM. Needs `keyFile`.',
      example: '/etc/distlogd/client.crt',
    }),
    keyFile: file({
      absent: optional('no client certificate'),
      use: 'privateKey',
      meaning: 'Its private key, PEM, not encrypted. Needs `certFile`.',
      example: '/etc/distlogd/client.key',
    }),
    insecure: flag({
      absent: 'false',
      meaning: 'Takes any certificate of the receiving end. For tests.',
    }),
  },
} as ObjectField<ClientTlsConfig> as ObjectField<ClientTlsConfig | undefined>;

const headers: MapField<Readonly<Record<string, string>>> = {
  kind: 'map',
  absence: 'empty',
  meaning: 'Sent along with every request.',
  names: {
    called: 'header',
    wish: "a header's name, none that the protocol itself sets",
    pattern:
      /^(?!(?:connection|content-[a-z]+|host|keep-alive|te|transfer-encoding|upgrade|grpc-.*)$)[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/i,
  },
  value: text({
    absent: required,
    secret: true,
    wish: 'a text of visible ASCII characters and blanks',
    pattern: /^[\x20-\x7e]{0,8192}$/,
    meaning: 'Its value. Never shown.',
    example: `Bearer \${env:COLLECTOR_TOKEN}`,
  }) as ScalarField<unknown>,
  make: (entries) =>
    Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value])) as Record<string, string>,
  sameName: (name) => name.toLowerCase(),
};

const otlpSink = variant<OtlpSinkConfig>(
  'Sends to a Collector or whatever else takes OTLP, at least once.',
  {
    endpoint: parsed({
      absent: required,
      type: 'URL',
      wish: 'an http:// or https:// URL without user, query or fragment, such as http://127.0.0.1:4317',
      parse: parseHttpUrl,
      meaning: 'The receiving end. `/v1/logs` is appended for `http`; for `grpc` it has no path.',
      example: 'https://collector.example.org:4317',
    }),
    protocol: oneOf(['grpc', 'http'], {
      absent: 'grpc',
      meaning: 'OTLP over gRPC, or over HTTP (protobuf).',
    }),
    headers,
    compression: oneOf(['gzip', 'none'], { absent: 'gzip', meaning: 'How requests are packed.' }),
    timeoutMillis: time({
      absent: '10s',
      min: '10ms',
      max: '10m',
      meaning: 'How long an answer is waited for; then it is tried again.',
    }),
    tls: clientTls,
  },
  { age: '7d', onFull: 'skip' },
);

const consoleSink = variant<ConsoleSinkConfig>(
  'Writes to the standard output.',
  {
    format: oneOf(['flat', 'tree'], {
      absent: 'flat',
      meaning: '`flat`: a record a line, as they come. `tree`: tasks with what happened in them.',
    }),
    color: oneOf(['auto', 'always', 'never'], {
      absent: 'auto',
      meaning: '`auto`: on a terminal, unless the environment has `NO_COLOR`.',
    }),
  },
  { bytes: '64MiB', age: '1m', onFull: 'skip' },
);

const sink: ChoiceField<SinkConfig> = {
  kind: 'choice',
  meaning: 'The sort of sink.',
  variants: { file: fileSink, otlp: otlpSink, console: consoleSink },
  later: ['store', 'forward', 'publish'],
};

export const sinks: MapField<readonly SinkConfig[]> = {
  kind: 'map',
  absence: 'required',
  meaning:
    'Where records go: a name of your choice for each sink. The name is kept with its progress, so a renamed sink begins anew.',
  names: {
    called: 'name',
    wish: 'a name of letters, digits, - and _, beginning with a letter, 64 characters at most',
    pattern: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
  },
  value: sink as ChoiceField<unknown>,
  make: (entries) => entries.map(([name, value]) => Object.assign(value as object, { name }) as SinkConfig),
  // Names become files, and some file systems do not tell case.
  sameName: (name) => name.toLowerCase(),
};
