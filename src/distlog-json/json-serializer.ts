import { decodeLogs, LogsEncoder } from '../otlp/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';
import { recordJson } from './record-json.ts';
import type { LogSerializer } from './serializer.ts';

/**
 * Serializes records as JSON for people and for Python's distlog: one record as an object (see {@link
 * recordJson} for its fields), otherwise an array of objects; grouped by resource and scope, as in OTLP.
 * Values that JSON does not have are written in the same way as by {@link LogsEncoder}. `decodeDistlog` reads
 * everything without loss.
 *
 * It costs several times as much as `OtlpProtobufSerializer`, and its output is two to four times as large.
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
    // Not Buffer.from, which takes short texts from Node's shared pool.
    return new TextEncoder().encode(texts.length === 1 ? only : `[${texts.join(',')}]`);
  }
}
