import { Distlogd } from '../bridge/distlogd.js';
import { spreadLine } from '../figures.js';

export const title =
  'How long does distlogd take from the start of its process until `/readyz` answers 200, and how much memory has it ' +
  'while nothing comes? All four receivers and a file sink, an empty data directory.';

const MILLIS_AT_MOST = 400;
const MEBIBYTES_AT_MOST = 90;
/** The time after which the memory is measured. */
const IDLE_MILLIS = 2_000;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: 'a daemon begins',
      options: 'receivers zmqAck, zmqPush, otlpGrpc, otlpHttp; file sink',
      sides: { distlogd: {} },
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare() {
  return {
    async repeat() {
      const daemon = await Distlogd.start((directory) =>
        [
          'receivers:',
          '  zmqAck: { endpoint: "tcp://127.0.0.1:0" }',
          '  zmqPush: { endpoint: "tcp://127.0.0.1:0" }',
          '  otlpGrpc: { endpoint: "127.0.0.1:0" }',
          '  otlpHttp: { endpoint: "127.0.0.1:0" }',
          'sinks:',
          `  out: { type: file, path: ${directory}/out.jsonl }`,
          '',
        ].join('\n'),
      );
      try {
        await new Promise((resolve) => setTimeout(resolve, IDLE_MILLIS));
        const bytes = (await daemon.metrics()).get('distlogd_resident_memory_bytes') ?? Number.NaN;
        return { readyMillis: daemon.readyMillis, mebibytes: bytes / 2 ** 20 };
      } finally {
        await daemon.stop();
      }
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const side = 'distlogd';
  return [
    spreadLine(trial, results, {
      side,
      figure: 'readyMillis',
      unit: 'ms',
      what: 'until it is ready',
      atMost: MILLIS_AT_MOST,
    }),
    spreadLine(trial, results, {
      side,
      figure: 'mebibytes',
      unit: 'MiB',
      what: 'resident memory, idle',
      atMost: MEBIBYTES_AT_MOST,
    }),
  ];
}
