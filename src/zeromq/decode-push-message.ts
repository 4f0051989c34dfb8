import { decodeDistlog, encodeDecoded, scanLogs } from '../wire/index.ts';

/** What a message of push mode holds. */
export interface PushMessage {
  /** `ExportLogsServiceRequest`, protobuf. */
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Understands a message of push mode.
 * @throws if it is not what its topic says; a `WireError`'s cause is counted
 */
export type DecodeMessage = (topic: Uint8Array, body: Uint8Array) => PushMessage;

const OTLP_TOPICS = ['TLO', 'SLO', 'PLO'];

/** Understands distlog's messages, see `decodeDistlog`. OTLP is looked through and passed on as it is. */
export function decodePushMessage(options: { readonly pickle: boolean }): DecodeMessage {
  return (topic, body) => {
    if (topic.length === 3 && OTLP_TOPICS.includes(String.fromCharCode(...topic))) {
      return { body, records: scanLogs(body).records };
    }
    const decoded = decodeDistlog(topic, body, options);
    const scopes = decoded.resources.flatMap((resource) => resource.scopes);
    const records = scopes.reduce((sum, scope) => sum + scope.records.length, 0);
    return { body: encodeDecoded(decoded), records };
  };
}
