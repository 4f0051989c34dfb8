import { isOnThisMachine, keyFiles, parseCurveKey, parseZmqEndpoint } from '../../net/index.ts';
import { exactlyOne, flag, group, millis, parsed, path, type ValueOf } from '../../settings/index.ts';

const publicKey = {
  type: 'key',
  expected: 'a public key of 40 characters in Z85, as `distlogd keygen` prints it',
  parse: parseCurveKey,
  // Somebody may have mistaken a secret key for it.
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
      meaning: 'The receiver `zmqAck` of the other daemon.',
      example: 'tcp://127.0.0.1:5911',
    }),
    timeoutMillis: millis({
      min: 100,
      max: 600_000,
      default: 10_000,
      meaning: 'How long the sink waits for a reply before it connects again.',
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
          meaning: 'The secret key of this sink. Better in `secretKeyFile` or in a variable.',
          example: `\${env:DISTLOGD_FORWARD_SECRET}`,
        }),
        secretKeyFile: path({
          contents: keyFiles.curveSecretKey,
          absent: '`secretKey` is needed',
          meaning:
            'The file with the secret key, as `distlogd keygen` writes it, which only its owner may read. Instead of `secretKey`.',
          example: '/etc/distlogd/forward.key',
        }),
      },
      {
        absent: 'off',
        meaning: 'CURVE: encryption. An address on another machine needs it.',
        checks: [exactlyOne('secretKey', 'secretKeyFile')],
      },
    ),
    insecure: flag({
      default: false,
      meaning: 'Sends to another machine without CURVE. For private networks.',
    }),
  },
  {
    meaning: 'Sends to another `distlogd`, exactly once.',
    checks: [
      {
        at: 'curve',
        problem: ({ endpoint, curve, insecure }) =>
          curve === undefined && !insecure && !isOnThisMachine(endpoint)
            ? `is needed, or insecure: true, since ${endpoint} is on another machine`
            : undefined,
      },
    ],
  },
);

/** The options as they hold. */
export type ForwardSinkOptions = ValueOf<typeof forwardSinkOptions>;
