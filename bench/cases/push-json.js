import { Push } from 'zeromq';
import { Distlogd } from '../bridge/distlogd.js';
import { pythonJson } from '../bridge/python-json.js';
import { spreadLine } from '../figures.js';

export const title =
  "How many single JSON records a second (Python distlog's form, one a message, without acknowledgement) come through " +
  'distlogd into the file of its file sink? Pushed from another process as fast as it takes them, until the sink has ' +
  'written the last one; a real daemon with its defaults, journal and file are synced to the disk.';

export const note = `A profile of the daemon's main thread (2026-11-30, Node.js 20, 820,000 records, share of its busy time) says where the
time goes. The thread was busy for 88 % of the run:

| stage | share |
| --- | --- |
| ZeroMQ frames from the sockets | 5 % |
| JSON parsed | 10 % |
| the record and the task that Python's fields describe | 12 % |
| written as protobuf, for the journal | 12 % |
| journal: checksums, calls of the file system | 3 % |
| file sink: protobuf read | 14 % |
| file sink: OTLP/JSON lines made | 8 % |
| file sink: lines to bytes, written | 13 % |
| rotated files compressed | 5 % |
| garbage collection | 10 % |
| \`/metrics\`, which this case asks for every 20 ms | 4 % |
| the rest | 4 % |

A record is read and written twice, as JSON and as protobuf: what the journal holds is always OTLP, so that each sink
can read it. Senders that need more send batches (\`bridge-throughput\`).`;

const AT_LEAST = 50_000;
const RECORDS = { full: 200_000, quick: 40_000 };
/** Number of different messages, which are sent repeatedly. */
const MADE = 10_000;
const TOPIC = 'PLJ';
const LOOK_MILLIS = 20;
const TAKEN = 'distlogd_receiver_records_total{receiver="zmqPush"}';
const BEHIND = 'distlogd_sink_behind_records{sink="out",type="file"}';

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  return [
    {
      measure: 'single JSON records pushed into a file, per second',
      options: 'PLJ of 400 bytes, file sink with its defaults',
      sides: { distlogd: { records: isQuick ? RECORDS.quick : RECORDS.full } },
      repeatsPerProcess: 3,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ records }) {
  const count = Number(records);
  const daemon = await Distlogd.start((directory) =>
    [
      'receivers:',
      '  zmqPush: { endpoint: "tcp://127.0.0.1:0" }',
      'sinks:',
      `  out: { type: file, path: ${directory}/out.jsonl }`,
      '',
    ].join('\n'),
  );
  const messages = pythonJson(MADE);
  const socket = new Push({ sendHighWaterMark: 1_000 });
  socket.connect(daemon.endpoints.zmqPush ?? '');
  /** @param {number} times */
  const push = async (times) => {
    const before = await daemon.metrics();
    for (let index = 0; index < times; index += 1) {
      await socket.send([TOPIC, messages[index % MADE] ?? '']);
    }
    for (;;) {
      const now = await daemon.metrics();
      const taken = (now.get(TAKEN) ?? 0) - (before.get(TAKEN) ?? 0);
      if (taken === times && now.get(BEHIND) === 0) return;
      if (lost(now) > 0) throw new Error(`${lost(now)} records were dropped`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MILLIS));
    }
  };
  await push(MADE);
  await push(MADE);
  return {
    async repeat() {
      const from = performance.now();
      await push(count);
      return { perSecond: (count * 1e3) / (performance.now() - from) };
    },
    async end() {
      socket.close();
      await daemon.stop();
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const figure = { side: 'distlogd', figure: 'perSecond', unit: 'records/s' };
  return [spreadLine(trial, results, { ...figure, atLeast: AT_LEAST })];
}

/** @param {Map<string, number>} metrics */
function lost(metrics) {
  return [...metrics].reduce(
    (sum, [name, value]) => (name.startsWith('distlogd_receiver_dropped') ? sum + value : sum),
    0,
  );
}
