import { decodeLogs, LogsEncoder } from '../otlp/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';
import { recordJson } from './record-json.ts';
import type { LogSerializer } from './serializer.ts';

/**
 * Records as JSON that people and Python's distlog can read: one record as an object (see {@link recordJson} for
 * its fields), several, or none, as an array of such; grouped by resource and scope, as in OTLP. Values that JSON does
 * not have are written as {@link LogsEncoder} writes them. `decodeDistlog` reads everything back, without loss.
 *
 * It costs several times what `OtlpProtobufSerializer` does, and the bytes are two to four times as many.
 */
export class JsonSerializer implements LogSerializer {
  readonly contentType = 'application/json';
  readonly encoding = 'J';
  readonly #encoder = new LogsEncoder();

  serialize(records: readonly ReadableLogRecordLike[]): Uint8Array {
    const { resources } = decodeLogs(this.#encoder.encode(records));
    const texts = resources.flatMap((resource) =>
      resource.scopes.flatMap((scope) => scope.records.map((record) => recordJson(resource, scope, record))),
    );
    const [only = ''] = texts;
    // Not Buffer.from: a short text would come from Node's shared pool.
    return new TextEncoder().encode(texts.length === 1 ? only : `[${texts.join(',')}]`);
  }
}
