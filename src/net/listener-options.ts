import {
  type CrossCheck,
  exactlyOne,
  flag,
  group,
  list,
  notBoth,
  parsed,
  path,
  text,
} from '../settings/index.ts';
import { isLoopback, type ListenAddress, parseListenAddress, showAddress } from './address.ts';
import { parseCurveKey } from './curve-key.ts';
import { keyFiles } from './key-files.ts';
import { isOnThisMachine, parseZmqEndpoint, zmqAddress } from './zmq-endpoint.ts';

/** Options that all listeners share: the address, and which clients may connect. */

const neededBeyond = 'Required for an address that other machines can reach';

const insecure = flag({
  default: false,
  meaning:
    'Allows an address that other machines can reach without the protection that is otherwise required. For private networks.',
});

const serverTls = group(
  {
    certFile: path({
      contents: keyFiles.certificates,
      meaning: 'The server certificate (PEM), followed by its chain if it has one.',
      example: '/etc/distlogd/tls.crt',
    }),
    keyFile: path({
      contents: keyFiles.privateKey,
      meaning: 'The private key of the certificate (PEM, unencrypted). Only its owner may read the file.',
      example: '/etc/distlogd/tls.key',
    }),
    clientCaFile: path({
      contents: keyFiles.certificates,
      absent: 'clients need no certificate',
      meaning:
        'Certificate authorities (PEM). Clients then need a certificate signed by one of them, but no token.',
      example: '/etc/distlogd/clients.crt',
    }),
  },
  { absent: 'off', meaning: `TLS. ${neededBeyond}, together with a token or client certificates.` },
);

/** The options of an HTTP server. */
export function httpListener<const A extends string>(address: A) {
  return {
    endpoint: parsed({
      type: 'address',
      expected: 'an address with a port, such as 127.0.0.1:4317 or "[::1]:4317"',
      parse: parseListenAddress,
      default: address,
      meaning: 'The address to listen on: a name or an IP address, and a port (0: any free port).',
    }),
    tls: serverTls,
    token: text({
      isSecret: true,
      expected: 'a text of 16 to 4096 visible ASCII characters without spaces',
      pattern: /^[\x21-\x7e]{16,4096}$/,
      absent: 'see `tokenFile`',
      meaning:
        'The token that clients must send as `authorization: Bearer <token>`. Prefer `tokenFile` or an environment variable.',
      example: `\${env:DISTLOGD_TOKEN}`,
    }),
    tokenFile: path({
      contents: keyFiles.token,
      absent: 'clients need no token',
      meaning:
        'A file that contains the token; use it instead of `token`. Only its owner may read it. Line breaks around the token are ignored.',
      example: '/etc/distlogd/token',
    }),
    insecure,
  };
}

interface HttpListener {
  readonly endpoint: ListenAddress;
  readonly tls?: { readonly clientCaFile?: string | undefined } | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly insecure: boolean;
}

/** Checks across the options of {@link httpListener}. */
export const httpListenerChecks: readonly CrossCheck<HttpListener>[] = [
  notBoth('token', 'tokenFile'),
  {
    at: 'endpoint',
    problem: ({ endpoint, tls, token, tokenFile, insecure }) => {
      if (insecure || isLoopback(endpoint.host)) return undefined;
      const knowsClients = token !== undefined || tokenFile !== undefined || tls?.clientCaFile !== undefined;
      const needed = [tls === undefined ? 'tls' : '', knowsClients ? '' : 'a token or tls.clientCaFile'];
      return exposed(showAddress(endpoint), needed);
    },
  },
];

const curve = group(
  {
    secretKey: parsed({
      type: 'key',
      isSecret: true,
      expected: 'a secret key of 40 characters in Z85, as `distlogd keygen` prints it',
      parse: parseCurveKey,
      absent: 'see `secretKeyFile`',
      meaning: 'The secret key of the daemon. Prefer `secretKeyFile` or an environment variable.',
      example: `\${env:DISTLOGD_CURVE_SECRET}`,
    }),
    secretKeyFile: path({
      contents: keyFiles.curveSecretKey,
      absent: '`secretKey` is required',
      meaning:
        'A file that contains the secret key, as `distlogd keygen` writes it; use it instead of `secretKey`. Only its owner may read it.',
      example: '/etc/distlogd/curve.key',
    }),
    allow: list(
      parsed({
        type: 'key',
        // A user may have entered a secret key by mistake.
        isSecret: true,
        expected: 'a public key of 40 characters in Z85, as `distlogd keygen` prints it',
        parse: parseCurveKey,
        example: "'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'",
      }),
      {
        absent: 'see `allowFile`',
        meaning: 'The public keys of the clients that may connect. All others are rejected.',
      },
    ),
    allowFile: path({
      contents: keyFiles.curvePublicKeys,
      absent: '`allow` is required',
      meaning: 'A file of public keys, one per line; use it instead of `allow`. `# ` starts a comment.',
      example: '/etc/distlogd/clients.keys',
    }),
  },
  {
    absent: 'off',
    meaning: `CURVE encryption, with a list of the clients that may connect. ${neededBeyond}.`,
    checks: [exactlyOne('secretKey', 'secretKeyFile'), exactlyOne('allow', 'allowFile')],
  },
);

/** The options of a listening ZeroMQ socket. */
export function zmqListener<const E extends string>(endpoint: E) {
  return {
    endpoint: parsed({
      type: 'endpoint',
      expected: `an endpoint such as ${endpoint} or ipc:///run/distlogd/in.sock (a path of 103 bytes at most)`,
      parse: parseZmqEndpoint,
      default: endpoint,
      meaning:
        'The endpoint to listen on: `tcp://` with an address or `*` and a port (0: any free port), or `ipc://` with a path.',
    }),
    curve,
    insecure,
  };
}

interface ZmqListener {
  readonly endpoint: string;
  readonly curve?: object | undefined;
  readonly insecure: boolean;
}

/** Checks across the options of {@link zmqListener}. */
export const zmqListenerChecks: readonly CrossCheck<ZmqListener>[] = [
  {
    at: 'endpoint',
    problem: ({ endpoint, curve, insecure }) => {
      if (insecure || isOnThisMachine(endpoint)) return undefined;
      return exposed(showAddress(zmqAddress(endpoint)!), [curve === undefined ? 'curve' : '']);
    },
  },
];

function exposed(address: string, needed: readonly string[]): string | undefined {
  const missing = needed.filter((what) => what !== '');
  if (missing.length === 0) return undefined;
  return `needs ${missing.join(' and ')}, or insecure: true, since other machines can reach ${address}`;
}
