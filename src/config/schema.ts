import type { DaemonConfig, HttpConfig } from './daemon-config.ts';
import type { ObjectField } from './field.ts';
import { file, flag, oneOf, size, time, wholeNumber } from './scalars.ts';
import { listenAddress, receivers, serverTls, tokenFields } from './schema-receivers.ts';
import { sinks } from './schema-sinks.ts';

/** The whole configuration. */
export const schema: ObjectField<DaemonConfig> = {
  kind: 'object',
  absence: 'required',
  meaning: 'The configuration of `distlogd`.',
  fields: {
    data: file({
      absent: './.distlogd',
      use: 'written',
      meaning:
        'The data directory: journal, progress of the sinks, dead letters. One daemon at a time; made with mode 0700.',
      example: '/var/lib/distlogd',
    }),
    receivers,
    journal: {
      kind: 'object',
      absence: 'default',
      meaning: 'What was acknowledged and is not yet written by every sink.',
      fields: {
        segmentBytes: size({
          absent: '64MiB',
          min: '1MiB',
          max: '1GiB',
          meaning: 'Size of one file. Space is freed file by file.',
        }),
        maxBytes: size({
          absent: '8GiB',
          min: '4MiB',
          meaning:
            'How much the journal may hold, at least two segments. Then nothing is taken until sinks catch up.',
        }),
        minFreeBytes: size({
          absent: '256MiB',
          min: '1MiB',
          zero: 'none',
          meaning: 'How much of the disk stays free. Below that nothing is taken.',
        }),
        sync: oneOf(['always', 'never'], {
          absent: 'always',
          meaning:
            '`always`: a batch is acknowledged when it is on the disk. `never`: when the operating system has it; a power failure loses acknowledged records.',
        }),
        producers: {
          kind: 'object',
          absence: 'default',
          meaning: 'Of which senders the last batch is remembered, so that a repeated one is recognised.',
          fields: {
            maxCount: wholeNumber({
              absent: '100000',
              min: 100,
              max: 10_000_000,
              meaning: 'How many; then the one that was silent the longest is forgotten.',
            }),
            maxAgeMillis: time({
              absent: '7d',
              min: '1m',
              max: '3650d',
              meaning: 'How long after its last batch.',
            }),
          },
        },
      },
    } as ObjectField<DaemonConfig['journal']>,
    sinks,
    http: {
      kind: 'object',
      absence: 'off',
      meaning:
        'Health (`/healthz`, `/readyz`), metrics (`/metrics`) and status. `http:` with nothing behind it turns it off.',
      fields: {
        endpoint: listenAddress('127.0.0.1:5080'),
        tls: serverTls,
        ...tokenFields,
        insecure: flag({
          absent: 'false',
          meaning: 'Opens an address beyond loopback without TLS and a token.',
        }),
      },
    } as ObjectField<HttpConfig> as ObjectField<HttpConfig | undefined>,
    shutdown: {
      kind: 'object',
      absence: 'default',
      meaning: 'The end, after SIGTERM.',
      fields: {
        drainMillis: time({
          absent: '10s',
          min: '100ms',
          max: '1h',
          zero: 'none',
          meaning:
            'How long sinks may go on writing what is in the journal. What is left waits for the next start.',
        }),
      },
    },
    ownRecords: {
      kind: 'object',
      absence: 'default',
      meaning: "The daemon's own records, which go the way of all others.",
      fields: {
        severity: oneOf(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'], {
          absent: 'INFO',
          meaning: 'From which severity on.',
        }),
        console: flag({ absent: 'true', meaning: 'Also on the standard error output, as text.' }),
      },
    },
  },
};

/** Keys of the top level that a newer version knows. */
export const laterKeys: readonly string[] = ['rules', 'tests', 'plugins'];

/** What holds without a configuration file. */
export const withoutFile = `receivers:
  zmqAck:
  zmqPush:
  otlpGrpc:
  otlpHttp:
sinks:
  file: { type: file }
  console: { type: console }
`;
