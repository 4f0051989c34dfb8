// A service with shutdown hooks and a black box, which ends in the way that its arguments say:
//   node ending.js PROTOCOL ENDPOINT BOXES ENDING [FALLBACK]
// With a file as FALLBACK it has that instead of the black box, and waits for nobody for long.
// It holds ten records of an open trace and three of one that has ended well, and has one INFO to export.
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor, installShutdownHooks, Severity } from 'burstlog';
import { inBox } from './in-box.js';

const [protocol, endpoint, directory = '', ending, fallback] = process.argv.slice(2);

async function exporter() {
  if (protocol === 'zeromq') {
    const { ZmqLogRecordExporter } = await import('burstlog/zeromq');
    return new ZmqLogRecordExporter({ endpoint });
  }
  const { OTLPLogExporter } = await import(`@opentelemetry/exporter-logs-otlp-${protocol}`);
  return new OTLPLogExporter({ url: protocol === 'http' ? `${endpoint}/v1/logs` : endpoint });
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const burst = new BurstLogRecordProcessor({
  exporter: await exporter(),
  delivery: { scheduledDelayMillis: 60_000 },
  ...(fallback === undefined ? { blackBox: { directory, bytes: 1024 * 1024 } } : {}),
});
const provider = new LoggerProvider({ processors: [burst] });
installShutdownHooks(
  [burst, provider],
  fallback === undefined ? {} : { fallback: { file: fallback }, timeoutMillis: 200 },
);
const spans = burst.spanProcessor();
/** @type {(severityNumber: number, body: string) => void} */
const log = (severityNumber, body) => provider.getLogger('child').emit({ severityNumber, body });
/** @param {string} digit */
const spanOf = (digit) => {
  const spanContext = { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags: 1 };
  return {
    name: 'x',
    kind: 0,
    attributes: {},
    status: { code: 0 },
    duration: [0, 1],
    spanContext: () => spanContext,
  };
};
/** @type {(span: ReturnType<typeof spanOf>, work: () => void) => void} */
const inside = (span, work) => context.with(trace.setSpanContext(ROOT_CONTEXT, span.spanContext()), work);

const [open, ended] = [spanOf('a'), spanOf('b')];
for (const span of [open, ended]) spans.onStart(span, ROOT_CONTEXT);
inside(ended, () => {
  for (let count = 0; count < 3; count += 1) log(Severity.DEBUG, 'of a trace that ended well');
});
spans.onEnd(ended);
inside(open, () => {
  for (let count = 0; count < 10; count += 1) log(Severity.DEBUG, `held ${count}`);
});
log(Severity.INFO, 'loud');

/** @type {Record<string, () => void>} */
const endings = {
  'natural end': () => {},
  'exit(0)': () => process.exit(0),
  'exit(1)': () => process.exit(1),
  exception: () =>
    setImmediate(() => {
      throw new RangeError('too far');
    }),
  rejection: () => void Promise.reject(new RangeError('too far')),
};
const end = endings[ending ?? ''];
if (end !== undefined) end();
else {
  // The parent sends a signal, after what is held has been written.
  setInterval(() => {}, 1_000);
  if (fallback === undefined) await inBox(directory, 11);
  process.stdout.write('ready');
}
