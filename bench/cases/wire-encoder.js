import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { OtlpProtobufSerializer } from '../../build/distlog-json/index.js';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  'What does it take to write a record as OTLP protobuf, against the official serializer ' +
  '(`ProtobufLogsSerializer`)? Records of the SDK in a trace, one resource, one scope, a batch at a time.';

const BATCHES = [512, 64];
const ATTRIBUTES = [4, 8];
const QUICK = ['4 512', '8 512'];
/** Records per repeat. */
const RECORDS = { full: 400_000, quick: 100_000 };
const SLICES = 10;
const WARM_RECORDS = 200_000;
const AT_MOST = 0.45;

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const records = (isQuick ? RECORDS.quick : RECORDS.full) / SLICES;
  return ATTRIBUTES.flatMap((attributes) => BATCHES.map((batch) => ({ attributes, batch })))
    .filter(({ attributes, batch }) => !isQuick || QUICK.includes(`${attributes} ${batch}`))
    .map(({ attributes, batch }) => {
      const common = { attributes, batch, records };
      return {
        measure: `encoding a record with ${attributes} attributes`,
        options: `batches of ${batch}`,
        sides: { ours: { side: 'ours', ...common }, official: { side: 'official', ...common } },
        slices: SLICES,
        repeatsPerProcess: 1,
      };
    });
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side, attributes, batch, records }) {
  const size = Number(batch);
  const emitted = sdkRecords(size, Number(attributes));
  const serializer = new OtlpProtobufSerializer();
  const encode =
    side === 'ours'
      ? () => serializer.serialize(emitted)
      : () => ProtobufLogsSerializer.serializeRequest(emitted);
  const times = Math.ceil(Number(records) / size);
  let bytes = 0;
  const run = (/** @type {number} */ count) => {
    for (let done = 0; done < count; done += 1) bytes = encode()?.length ?? 0;
  };
  run(Math.ceil(WARM_RECORDS / size));
  return {
    repeat() {
      const nanoseconds = nanosecondsEach(times * size, () => run(times));
      if (bytes < size * 100) throw new Error(`${size} records became ${bytes} bytes`);
      return { nanoseconds };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'ours', theirs: 'official' };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST })];
}
