/** The text of a failed export for an operator, and the search of its causes. */
import { exportErrorText, refusalOf, retryAfterMillis } from '../../src/export/export-error.ts';

const withData = (data: unknown, message = 'Bad Request') => Object.assign(new Error(message), { data });

/** An error nested in `times` others. */
function wrapped(cause: unknown, times: number): unknown {
  let error = cause;
  for (let left = times; left > 0; left -= 1) error = new Error('outer', { cause: error });
  return error;
}

describe('the text of a failed export', () => {
  test.each([
    ['the message of a status in JSON', '{"code":3,"message":"no such tenant"}', 'no such tenant'],
    ['a page of a proxy as it is', '<h1>413</h1>\n\n<p>Too   Large</p>', '<h1>413</h1> <p>Too Large</p>'],
    ['JSON without a message as it is', '{"error":"quota"}', '{"error":"quota"}'],
    ['JSON whose message is no text as it is', '{"message":5}', '{"message":5}'],
    ['what can be printed of a status in protobuf', '\b\u0003\u0012\u0006no way\ufffd', 'no way'],
  ])('ends with %s', (_name, data, expected) => {
    expect(exportErrorText(withData(data))).toBe(`Error: Bad Request: ${expected}`);
  });

  test.each([
    ['none was given', undefined],
    ['it is empty', ''],
    ['nothing of it can be printed', '\u0000\u0001 \n'],
    ['it is no text', { message: 'no' }],
  ])('has no reason where %s', (_name, data) => {
    expect(exportErrorText(withData(data))).toBe('Error: Bad Request');
  });

  test('does not repeat a reason that the error contains', () => {
    expect(exportErrorText(withData('{"message":"no such tenant"}', 'refused: no such tenant'))).toBe(
      'Error: refused: no such tenant',
    );
  });

  test('has at most 500 characters of the reason, and reads at most eight times as many', () => {
    const long = JSON.stringify({ message: 'm'.repeat(3_000) });
    expect(exportErrorText(withData(long))).toBe(`Error: Bad Request: ${'m'.repeat(500)}`);
    // Truncated at 4,000 characters, it is not valid JSON any more.
    const tooLong = JSON.stringify({ message: 'm'.repeat(4_000) });
    expect(exportErrorText(withData(tooLong))).toBe(`Error: Bad Request: {"message":"${'m'.repeat(488)}`);
    expect(exportErrorText(withData(`${' '.repeat(4_000)}unread`))).toBe('Error: Bad Request');
  });

  test.each([
    ['a text', 'offline', 'offline'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 14, '14'],
  ])('of %s is that', (_name, error, text) => {
    expect(exportErrorText(error)).toBe(text);
  });
});

describe('the causes of an error', () => {
  const network = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  const refused = Object.assign(new Error('refused'), { code: 400 });

  test('are searched seven levels deep, and no deeper', () => {
    expect(retryAfterMillis(wrapped(network, 7))).toBe(0);
    expect(retryAfterMillis(wrapped(network, 8))).toBeUndefined();
    expect(refusalOf(wrapped(refused, 7))).toBe('content');
    expect(refusalOf(wrapped(refused, 8))).toBeUndefined();
  });

  test('that are not errors are ignored, and those before them are used', () => {
    for (const cause of [null, 'ECONNRESET', 400, () => {}]) {
      expect(retryAfterMillis(wrapped(cause, 1))).toBeUndefined();
      expect(refusalOf(wrapped(cause, 2))).toBeUndefined();
      expect(retryAfterMillis(Object.assign(new Error('reset'), { code: 'EPIPE', cause }))).toBe(0);
    }
  });

  test('are searched in order: the first one with a code is used', () => {
    expect(retryAfterMillis(Object.assign(new Error('gone'), { code: 404, cause: network }))).toBeUndefined();
    expect(refusalOf(Object.assign(new Error('gone'), { code: 404, cause: refused }))).toBeUndefined();
    expect(refusalOf(Object.assign(new Error('gone'), { code: 'ENOENT', cause: refused }))).toBe('content');
    const tooLarge = new Error('message exceeds maximum size', { cause: network });
    expect([refusalOf(tooLarge), retryAfterMillis(tooLarge)]).toEqual(['too_large', undefined]);
  });

  test('with a network code that indicates an error of the caller are skipped', () => {
    const mistake = Object.assign(new Error('no'), { code: 'UND_ERR_INVALID_ARG', cause: network });
    expect(retryAfterMillis(mistake)).toBe(0);
  });
});

describe('the wait that a gRPC server requests', () => {
  const unavailable = (metadata: unknown) => Object.assign(new Error('away'), { code: 14, metadata });

  test.each([
    ['there is no metadata', undefined],
    ['the metadata is null', null],
    ['the metadata cannot be asked', { get: 'text' }],
    ['nothing stands there', { get: () => [] }],
    ['it is no list', { get: () => undefined }],
    ['it is no list but bytes', { get: () => new Uint8Array([1, 2]) }],
    ['it is text', { get: () => ['CAM='] }],
    [
      'reading it throws',
      {
        get: () => {
          throw new Error('closed');
        },
      },
    ],
  ])('is none where %s', (_name, metadata) => {
    expect(retryAfterMillis(unavailable(metadata))).toBe(0);
    expect(retryAfterMillis(Object.assign(unavailable(metadata), { code: 8 }))).toBeUndefined();
  });

  test('is read with get() of the metadata object', () => {
    class Metadata {
      readonly values = [new Uint8Array()];
      get(name: string): unknown {
        return name === 'grpc-status-details-bin' ? this.values : [];
      }
    }
    expect(retryAfterMillis(unavailable(new Metadata()))).toBe(0);
  });
});
