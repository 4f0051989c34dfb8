import { parseCurveKey, parseListenAddress, parseZmqEndpoint } from '../net/index.ts';
import type {
  CurveConfig,
  OtlpReceiverConfig,
  ReceiversConfig,
  ServerTlsConfig,
  ZmqAckConfig,
  ZmqPushConfig,
} from './daemon-config.ts';
import type { ListField, ObjectField, ScalarField } from './field.ts';
import { file, flag, optional, parsed, required, size, text } from './scalars.ts';

const loopbackOnly = 'Beyond loopback the daemon refuses to start without it';

const insecure = flag({
  absent: 'false',
  meaning:
    'Opens an address beyond loopback without the protection that is asked for there. For networks that protect by themselves.',
});

function zmqEndpoint(absent: string): ScalarField<string> {
  return parsed({
    absent,
    type: 'endpoint',
    wish: `an endpoint such as ${absent} or ipc:///run/distlogd/in.sock (103 bytes at most)`,
    parse: parseZmqEndpoint,
    meaning:
      'Where it listens: `tcp://` with an address or `*` and a port (0: any free one), or `ipc://` with a path.',
    example: absent,
  });
}

export function listenAddress(absent: string) {
  return parsed({
    absent,
    type: 'address',
    wish: `an address with a port, such as ${absent} or "[::1]:4317"`,
    parse: parseListenAddress,
    meaning: 'Where it listens: a name or an IP address, and a port (0: any free one).',
    example: absent,
  });
}

export const tokenFields: { readonly token: ScalarField<string>; readonly tokenFile: ScalarField<string> } = {
  token: text({
    absent: optional('see `tokenFile`'),
    secret: true,
    wish: 'a text of 16 to 4096 visible ASCII characters without blanks',
    pattern: /^[\x21-\x7e]{16,4096}$/,
    meaning:
      'What a client has to send as `authorization: Bearer <token>`. Better in `tokenFile` or a variable.',
    example: `\${env:DISTLOGD_TOKEN}`,
  }),
  tokenFile: file({
    absent: optional('no token asked for'),
    use: 'token',
    meaning: 'The file that holds the token; line ends around it do not count. Instead of `token`.',
    example: '/etc/distlogd/token',
  }),
};

export const serverTls: ObjectField<ServerTlsConfig | undefined> = {
  kind: 'object',
  absence: 'optional',
  meaning: `TLS. ${loopbackOnly}, and without a token or client certificates beside it.`,
  fields: {
    certFile: file({
      absent: required,
      use: 'certificate',
      meaning: 'The certificate, PEM, with the chain up to the root if there is one.',
      example: '/etc/distlogd/tls.crt',
    }),
    keyFile: file({
      absent: required,
      use: 'privateKey',
      meaning: 'Its private key, PEM, not encrypted.',
      example: '/etc/distlogd/tls.key',
    }),
    clientCaFile: file({
      absent: optional('clients need no certificate'),
      use: 'authorities',
      meaning: 'The authorities, PEM. Clients then need a certificate of one of them, and no token.',
      example: '/etc/distlogd/clients.crt',
    }),
  },
} as ObjectField<ServerTlsConfig | undefined>;

const allow: ListField<readonly string[] | undefined> = {
  kind: 'list',
  absence: optional('see `allowFile`'),
  meaning: 'The public keys of the clients that may connect. No key, no connection.',
  item: parsed({
    absent: required,
    type: 'key',
    wish: 'a public key of 40 characters in Z85, as `distlogd keygen` prints it',
    parse: parseCurveKey,
    meaning: 'A public key.',
    example: "'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'",
  }) as ScalarField<unknown>,
  make: (items) => items as readonly string[],
};

const curve: ObjectField<CurveConfig | undefined> = {
  kind: 'object',
  absence: 'optional',
  meaning: `CURVE: encryption, and a list of who may connect. ${loopbackOnly}.`,
  fields: {
    secretKey: parsed({
      absent: optional('see `secretKeyFile`'),
      type: 'key',
      secret: true,
      wish: 'a secret key of 40 characters in Z85, as `distlogd keygen` makes it',
      parse: parseCurveKey,
      meaning: "The daemon's secret key. Better in `secretKeyFile` or a variable.",
      example: `\${env:DISTLOGD_CURVE_SECRET}`,
    }),
    secretKeyFile: file({
      absent: optional('`secretKey` is needed'),
      use: 'curveSecret',
      meaning: 'The file that holds the secret key, as `distlogd keygen` writes it. Instead of `secretKey`.',
      example: '/etc/distlogd/curve.key',
    }),
    allow,
    allowFile: file({
      absent: optional('`allow` is needed'),
      use: 'curveKeys',
      meaning: 'A file of such public keys, one a line; `# ` begins a comment. Instead of `allow`.',
      example: '/etc/distlogd/clients.keys',
    }),
  },
} as ObjectField<CurveConfig | undefined>;

const zmqAck: ObjectField<ZmqAckConfig | undefined> = {
  kind: 'object',
  absence: 'named',
  meaning:
    'ZeroMQ with acknowledgement (`ZmqLogRecordExporter`, mode `ack`): a batch is answered when it is on the disk.',
  fields: {
    endpoint: zmqEndpoint('tcp://127.0.0.1:5011'),
    maxBatchBytes: size({
      absent: '64MiB',
      min: '64KiB',
      max: '1GiB',
      meaning: 'The largest batch, as it travels and when it is unpacked. A larger one is refused for good.',
    }),
    curve,
    insecure,
  },
} as ObjectField<ZmqAckConfig | undefined>;

const zmqPush: ObjectField<ZmqPushConfig | undefined> = {
  kind: 'object',
  absence: 'named',
  meaning:
    'ZeroMQ without acknowledgement (mode `push`, and the frames of Python distlog): at most once, losses are counted.',
  fields: {
    endpoint: zmqEndpoint('tcp://127.0.0.1:5010'),
    maxMessageBytes: size({
      absent: '4MiB',
      min: '1KiB',
      max: '1GiB',
      meaning: 'The largest message. ZeroMQ closes the connection of a sender that exceeds it.',
    }),
    pickle: flag({
      absent: 'false',
      meaning:
        'Reads pickled frames of Python distlog (`PLP`), plain data only; whatever asks for more is refused.',
    }),
    curve,
    insecure,
  },
} as ObjectField<ZmqPushConfig | undefined>;

function otlp(protocol: string, address: string): ObjectField<OtlpReceiverConfig | undefined> {
  return {
    kind: 'object',
    absence: 'named',
    meaning: `OTLP over ${protocol}, for SDKs of any language. Answered when the records are on the disk.`,
    fields: {
      endpoint: listenAddress(address),
      maxRequestBytes: size({
        absent: '64MiB',
        min: '64KiB',
        max: '1GiB',
        meaning:
          'The largest request after decompression (64 MiB is what OTLP advises). A larger one is refused.',
      }),
      tls: serverTls,
      ...tokenFields,
      insecure,
    },
  } as ObjectField<OtlpReceiverConfig | undefined>;
}

export const receivers: ObjectField<ReceiversConfig> = {
  kind: 'object',
  absence: 'required',
  meaning:
    'Where records come in. Only those that are named here are opened; a name without anything behind it opens one with its defaults.',
  fields: {
    zmqAck,
    zmqPush,
    otlpGrpc: otlp('gRPC', '127.0.0.1:4317'),
    otlpHttp: otlp('HTTP (protobuf and JSON, path `/v1/logs`)', '127.0.0.1:4318'),
  },
};
