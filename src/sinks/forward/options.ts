import { isOnThisMachine, keyFiles, parseCurveKey, parseZmqEndpoint } from '../../net/index.ts';
import { exactlyOne, flag, group, millis, parsed, path, type ValueOf } from '../../settings/index.ts';

const publicKey = {
  type: 'key',
  expected: 'a public key of 40 characters in Z85, as `distlogd keygen` prints it',
  parse: parseCurveKey,
  // A user may have entered a secret key by mistake.
  isSecret: true,
  example: "'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'",
} as const;

/** The options of `ForwardSink`. */
export const forwardSinkOptions = group(
  {
    endpoint: parsed({
      type: 'endpoint',
      expected: 'an endpoint such as tcp://10.0.0.5:5011 or ipc:///run/distlogd/in.sock',
      parse: parseZmqEndpoint,
      meaning: 'The endpoint of the receiver `zmqAck` of the other daemon.',
      example: 'tcp://127.0.0.1:5911',
    }),
    timeoutMillis: millis({
      min: 100,
      max: 600_000,
      default: 10_000,
      meaning: 'How long the sink waits for a reply before it reconnects.',
    }),
    curve: group(
      {
        serverKey: parsed({ ...publicKey, meaning: 'The public key of the other daemon.' }),
        secretKey: parsed({
          type: 'key',
          isSecret: true,
          expected: 'a secret key of 40 characters in Z85, as `distlogd keygen` prints it',
          parse: parseCurveKey,
          absent: 'see `secretKeyFile`',
          meaning: 'The secret key of this sink. Prefer `secretKeyFile` or an environment variable.',
          example: `\${env:DISTLOGD_FORWARD_SECRET}`,
        }),
        secretKeyFile: path({
          contents: keyFiles.curveSecretKey,
          absent: '`secretKey` is required',
          meaning:
            'A file that contains the secret key, as `distlogd keygen` writes it; use it instead of `secretKey`. Only its owner may read it.',
          example: '/etc/distlogd/forward.key',
        }),
      },
      {
        absent: 'off',
        meaning: 'CURVE encryption. Required for an address on another machine.',
        checks: [exactlyOne('secretKey', 'secretKeyFile')],
      },
    ),
    insecure: flag({
      default: false,
      meaning: 'Allows sending to another machine without CURVE. For private networks.',
    }),
  },
  {
    meaning: 'Sends to another `distlogd`, exactly once.',
    checks: [
      {
        at: 'curve',
        problem: ({ endpoint, curve, insecure }) =>
          curve === undefined && !insecure && !isOnThisMachine(endpoint)
            ? `is required, or insecure: true, since ${endpoint} is on another machine`
            : undefined,
      },
    ],
  },
);

/** The resolved options. */
export type ForwardSinkOptions = ValueOf<typeof forwardSinkOptions>;
