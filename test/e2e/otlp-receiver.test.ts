import { Client, credentials, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { everyKindOfRecord, saidBy } from '../support/every-kind-of-record.ts';
import { decodeLogsRequest } from '../support/otlp-decode.js';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.js';
import { sendWithTheSdk } from '../support/plain-sender.ts';
import { needs } from '../support/sdk-abilities.ts';

let receiver: OtlpReceiver;
let client: Client;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  client = new Client(`127.0.0.1:${receiver.port}`, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await receiver.stop();
});

interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly response: Buffer | undefined;
  readonly trailers: Metadata | undefined;
}

/** ExportLogsServiceRequest { resource_logs { scope_logs { log_records {} {} } } } */
const twoRecords = Buffer.from([0x0a, 0x06, 0x12, 0x04, 0x12, 0x00, 0x12, 0x00]);

function send(bytes: Uint8Array): Promise<Outcome> {
  const asIs = (sent: Buffer) => sent;
  return new Promise((done) => {
    client.makeUnaryRequest(
      '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
      asIs,
      asIs,
      Buffer.from(bytes),
      (error: ServiceError | null, response?: Buffer) => {
        done({
          code: error?.code ?? status.OK,
          details: error?.details ?? '',
          response,
          trailers: error?.metadata,
        });
      },
    );
  });
}

describe('the OTLP receiver of the tests', () => {
  needs('attributes of any value')('reads back every kind of record as the SDK was given it', async () => {
    await sendWithTheSdk(receiver.url, everyKindOfRecord);

    expect(receiver.records).toEqual(
      everyKindOfRecord.map((record) => expect.objectContaining(saidBy(record))),
    );
  });

  test('keeps the order of records over many requests', async () => {
    const bodies = Array.from({ length: 1500 }, (_, index) => index);
    const enough = receiver.waitForRecords(1500);

    await sendWithTheSdk(
      receiver.url,
      bodies.map((body) => ({ body })),
    );

    expect((await enough).map((record) => record.body)).toEqual(bodies);
    expect(receiver.requests.length).toBeGreaterThan(1);
  });

  test('answers with the gRPC status that the test asks for, and counts such records as not taken', async () => {
    receiver.respond((_, index) => (index === 0 ? { code: status.UNAVAILABLE, message: 'not now' } : 'ok'));

    const refused = await send(twoRecords);
    const taken = await send(twoRecords);

    expect([refused.code, refused.details, taken.code]).toEqual([status.UNAVAILABLE, 'not now', status.OK]);
    expect([receiver.requests.length, receiver.records.length]).toEqual([2, 2]);
  });

  test('answers with a RetryInfo that says how long to wait', async () => {
    receiver.respond(() => ({ code: 14, message: 'later', retryDelayMillis: 1250 }));

    const { trailers } = await send(twoRecords);

    const typeUrl = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
    const delay = [0x0a, 0x07, 0x08, 0x01, 0x10, ...[0x80, 0xe5, 0x9a, 0x77]]; // 1 s and 250,000,000 ns
    const detail = [0x0a, typeUrl.length, ...typeUrl, 0x12, delay.length, ...delay];
    const expected = [0x08, 14, 0x12, 5, ...Buffer.from('later'), 0x1a, detail.length, ...detail];
    expect(trailers?.get('grpc-status-details-bin')).toEqual([Buffer.from(expected)]);
  });

  test('answers with a partial success, and counts the records that are left', async () => {
    receiver.respond(() => ({ rejectedLogRecords: 1, errorMessage: 'no' }));

    const { code, response } = await send(twoRecords);

    expect(code).toBe(status.OK);
    expect(response).toEqual(Buffer.from([0x0a, 6, 0x08, 1, 0x12, 2, ...Buffer.from('no')]));
    expect(receiver.records).toHaveLength(1);
  });

  test('can leave a request without an answer until it is stopped', async () => {
    receiver.respond(() => 'never');
    const outcome = send(twoRecords);
    await receiver.waitForRequests(1);

    await receiver.stop();

    expect((await outcome).code).toBe(status.UNAVAILABLE);
    expect(receiver.records).toEqual([]);
  });

  test('drops every connection when it is killed, and its port can be taken again at once', async () => {
    receiver.respond(() => 'never');
    const outcome = send(twoRecords);
    await receiver.waitForRequests(1);

    receiver.kill();
    const { code } = await outcome;
    receiver = await startOtlpReceiver({ port: receiver.port });
    await sendWithTheSdk(receiver.url, [{ body: 'after the crash' }]);

    expect(code).not.toBe(status.OK);
    expect(receiver.records.map((record) => record.body)).toEqual(['after the crash']);
  });

  test('says so when it is stopped while a test waits for records', async () => {
    const waiting = receiver.waitForRecords(3);

    await Promise.all([
      expect(waiting).rejects.toThrow('the receiver was stopped with 0 of 3 records'),
      receiver.stop(),
    ]);
  });

  test('refuses what is no OTLP request', async () => {
    const { code } = await send(Buffer.from([0x0a, 0x20, 0x01]));

    expect(code).toBe(status.INVALID_ARGUMENT);
  });
});

describe('the OTLP decoder of the tests', () => {
  test('gives an int64 beyond the exact numbers as a bigint', () => {
    const value = [0x18, ...[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]];
    const record = [0x2a, value.length, ...value];

    const [decoded] = decodeLogsRequest(wrap(wrap(wrap(record, 0x12), 0x12), 0x0a));

    expect(decoded?.body).toBe(9_223_372_036_854_775_807n);
  });

  test('reads requests joined end to end as one', () => {
    expect(decodeLogsRequest(Buffer.concat([twoRecords, twoRecords]))).toHaveLength(4);
  });
});

/** A message inside a field of the message around it. */
function wrap(inner: readonly number[] | Uint8Array, tag: number): Uint8Array {
  return Uint8Array.from([tag, inner.length, ...inner]);
}
