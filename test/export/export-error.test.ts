import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { retryAfterMillis } from '../../src/export/export-error.ts';
import { retryInfoMillis } from '../../src/otlp/index.ts';
import { freePort } from '../support/free-port.js';

// google.rpc.Status { code: 14, message: "full", details: [DebugInfo, RetryInfo] } as protobufjs 8 encodes
// it.
const detailsBefore =
  '080e120466756c6c1a320a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e4465627567496e666f12060a01611201621a';
const retryInfoUrl = '0a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e5265747279496e666f12';
const status = {
  oneAndAHalfSeconds: Buffer.from(`${detailsBefore}36${retryInfoUrl}0a0a0808011080cab5ee01`, 'hex'),
  minusOneSecond: Buffer.from(`${detailsBefore}39${retryInfoUrl}0d0a0b08ffffffffffffffffff01`, 'hex'),
  noWait: Buffer.from(`${detailsBefore}2e${retryInfoUrl}020a00`, 'hex'),
};

const varint = (value: bigint): number[] => {
  const rest = BigInt.asUintN(64, value);
  return rest < 0x80n ? [Number(rest)] : [Number(rest & 0x7fn) | 0x80, ...varint(rest >> 7n)];
};
const bytesField = (number: number, value: Iterable<number>): number[] => {
  const bytes = [...value];
  return [...varint(BigInt(number * 8 + 2)), ...varint(BigInt(bytes.length)), ...bytes];
};
const integerField = (number: number, value: bigint): number[] => [
  ...varint(BigInt(number * 8)),
  ...varint(value),
];
const any = (typeUrl: string, value: Iterable<number>): number[] => [
  ...bytesField(1, Buffer.from(typeUrl)),
  ...bytesField(2, value),
];
const retryInfo = (seconds: bigint, nanos: bigint): number[] =>
  any(
    'type.googleapis.com/google.rpc.RetryInfo',
    bytesField(1, [...integerField(1, seconds), ...integerField(2, nanos)]),
  );

const grpcError = (code: number, details?: Uint8Array) =>
  Object.assign(new Error(`${code}`), {
    code,
    metadata: { get: (key: string) => (key === 'grpc-status-details-bin' && details ? [details] : []) },
  });

describe('the wait of a status', () => {
  test('is read from the bytes another implementation wrote', () => {
    expect(retryInfoMillis(status.oneAndAHalfSeconds)).toBe(1500);
  });

  test('is 0 where RetryInfo names none, or a negative one', () => {
    expect(retryInfoMillis(status.noWait)).toBe(0);
    expect(retryInfoMillis(status.minusOneSecond)).toBe(0);
  });

  test('is not known without RetryInfo', () => {
    const other = any('type.googleapis.com/google.rpc.DebugInfo', integerField(1, 5n));
    expect(retryInfoMillis(new Uint8Array())).toBeUndefined();
    expect(retryInfoMillis(Uint8Array.from(bytesField(3, other)))).toBeUndefined();
  });

  test('is ignored if it is not a valid duration: over 10,000 years, or a billion nanoseconds', () => {
    expect(retryInfoMillis(Uint8Array.from(bytesField(3, retryInfo(315_576_000_001n, 0n))))).toBeUndefined();
    expect(retryInfoMillis(Uint8Array.from(bytesField(3, retryInfo(0n, 1_000_000_000n))))).toBeUndefined();
  });

  test('is found among any other fields and details', () => {
    const wait = fc.tuple(fc.bigInt(0n, 315_576_000_000n), fc.bigInt(0n, 999_999_999n));
    const details = fc.array(
      fc.tuple(fc.stringMatching(/^[a-z./]*$/), fc.uint8Array()).map(([url, value]) => any(url, value)),
    );
    fc.assert(
      fc.property(
        fc.integer(),
        fc.string(),
        details,
        wait,
        details,
        (code, message, before, wanted, after) => {
          const bytes = Uint8Array.from([
            ...integerField(1, BigInt(code)),
            ...bytesField(2, Buffer.from(message)),
            ...[...before, retryInfo(...wanted), ...after].flatMap((detail) => bytesField(3, detail)),
            // Fields of later versions: fixed64, fixed32, bytes.
            ...[9 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 * 8 + 5, 1, 2, 3, 4],
            ...bytesField(15, [1, 2, 3]),
          ]);
          const [seconds, nanos] = wanted;
          expect(retryInfoMillis(bytes)).toBe(Number(seconds) * 1000 + Math.ceil(Number(nanos) / 1e6));
        },
      ),
    );
  });

  test('is undefined or a number of milliseconds for any bytes, and reading them never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const millis = retryInfoMillis(bytes) ?? 0;
        expect(Number.isFinite(millis) && millis >= 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('is undefined or unchanged if the bytes are truncated, and never throws if some are changed', () => {
    const whole = status.oneAndAHalfSeconds;
    for (let end = 0; end < whole.length; end++) {
      expect(retryInfoMillis(whole.subarray(0, end))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(whole);
        changed[at] = byte;
        expect(retryInfoMillis(changed) ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('is not searched in more than 64 KiB', () => {
    const padding = bytesField(15, new Uint8Array(65_536));
    expect(retryInfoMillis(Uint8Array.from([...status.oneAndAHalfSeconds, ...padding]))).toBeUndefined();
  });
});

describe('a failed export is retryable', () => {
  test.each([1, 4, 10, 11, 14, 15, 429, 502, 503, 504])('with the status code %d', (code) => {
    expect(retryAfterMillis(grpcError(code))).toBe(0);
  });

  test('after the wait that the server requested', () => {
    expect(retryAfterMillis(grpcError(14, status.oneAndAHalfSeconds))).toBe(1500);
  });

  test('with RESOURCE_EXHAUSTED only if the server sends RetryInfo', () => {
    expect(retryAfterMillis(grpcError(8))).toBeUndefined();
    expect(retryAfterMillis(grpcError(8, Buffer.from('garbage')))).toBeUndefined();
    expect(retryAfterMillis(grpcError(8, status.noWait))).toBe(0);
    expect(retryAfterMillis(grpcError(8, status.oneAndAHalfSeconds))).toBe(1500);
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_SOCKET'])(
    'with the network error %s, also as a cause',
    (code) => {
      const network = Object.assign(new Error('network'), { code });
      expect(retryAfterMillis(network)).toBe(0);
      expect(retryAfterMillis(new Error('outer', { cause: new Error('inner', { cause: network }) }))).toBe(0);
    },
  );

  test('when no server listens at the port of a fetch', async () => {
    const error = await fetch(`http://127.0.0.1:${await freePort()}/`).catch((thrown: unknown) => thrown);
    expect(retryAfterMillis(error)).toBe(0);
  });
});

/**
 * What the real OTLP/HTTP exporter reports. In a process of its own, because it loads `http` by a dynamic
 * import, which jest does not run. Its time-out is shorter than its first back-off, so that it gives up at
 * once.
 */
async function errorOverHttp(port: number): Promise<unknown> {
  const script = `
    const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-http');
    const url = 'http://127.0.0.1:${port}/v1/logs';
    new OTLPLogExporter({ url, timeoutMillis: 500 }).export([], ({ error }) => {
      console.log(JSON.stringify({ name: error.name, message: error.message, code: error.code }));
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
  return JSON.parse(stdout);
}

test.each([
  [429, 0],
  [502, 0],
  [503, 0],
  [504, 0],
  [400, undefined],
  [413, undefined],
  [500, undefined],
])('for the response %d the OTLP/HTTP error is classified as %p', async (status, wanted) => {
  const server = createHttpServer((request, response) => {
    request.resume();
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const error = await errorOverHttp((server.address() as AddressInfo).port);
  server.close();
  expect(retryAfterMillis(error)).toBe(wanted);
});

test('if no server listens, the error of the OTLP/HTTP exporter is retryable', async () => {
  expect(retryAfterMillis(await errorOverHttp(await freePort()))).toBe(0);
});

describe('a failed export is not retryable', () => {
  test.each([0, 2, 3, 5, 6, 7, 9, 12, 13, 16, 17, 400, 401, 404, 413, 500, Number.NaN])(
    'with the status code %d, even if the server names a wait or the cause is the network',
    (code) => {
      const cause = Object.assign(new Error('network'), { code: 'ECONNRESET' });
      const error = Object.assign(grpcError(code, status.oneAndAHalfSeconds), { cause });
      expect(retryAfterMillis(error)).toBeUndefined();
    },
  );

  test.each(['UND_ERR_INVALID_ARG', 'UND_ERR_ABORTED', 'ERR_INVALID_URL', 'EACCES'])('with %s', (code) => {
    expect(retryAfterMillis(Object.assign(new Error('no'), { code }))).toBeUndefined();
  });

  test.each([[undefined], [null], ['ECONNREFUSED'], [14], [{}], [new RangeError('Maximum call stack')]])(
    'where nothing known says so: %p',
    (error) => {
      expect(retryAfterMillis(error)).toBeUndefined();
    },
  );

  test('if the error is its own cause, or throws when it is read', () => {
    const circle = new Error('circle');
    circle.cause = circle;
    const throwing = Object.defineProperty(new Error('throws'), 'code', {
      get: () => {
        throw new Error('no code for you');
      },
    });
    expect(retryAfterMillis(circle)).toBeUndefined();
    expect(retryAfterMillis(throwing)).toBeUndefined();
  });
});

test('a request that is too large is not retried, whatever its code: it must be halved', () => {
  const tonic = Object.assign(new Error('11 OUT_OF_RANGE: decoded message length too large'), { code: 11 });
  expect(retryAfterMillis(tonic)).toBeUndefined();
  expect(retryAfterMillis(Object.assign(new Error('11 OUT_OF_RANGE'), { code: 11 }))).toBe(0);
});
