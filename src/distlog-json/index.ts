export {
  DISTLOG_KIND,
  DISTLOG_SYSTEM,
  type DistlogMessage,
  type DistlogOptions,
  decodeDistlog,
  readDistlog,
} from './decode-distlog.ts';
export { JsonSerializer } from './json-serializer.ts';
export { decodePickle, type PickleValue } from './pickle.ts';
export { type LogSerializer, OtlpProtobufSerializer } from './serializer.ts';
export { RecordGrouper, type SourcedRecord } from './sourced-record.ts';
export { TaskKeys, type TaskPlace } from './task-key.ts';
