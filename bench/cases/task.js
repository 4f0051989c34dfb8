import { trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { TaskLogRecordProcessor, task } from 'burstlog';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { providerWith, RecordProcessor, registerLogs } from '../otel.js';
import { INFO } from '../records.js';

export const title =
  'What does a task cost (a span, its start and its end as records), against the same span and records written by ' +
  'hand with the SDK? And with nothing registered, against a task with the SDK?';

/** Tasks per slice; ten slices are a repeat. */
const TASKS = 20_000;
const SLICES = 10;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  const common = { slices: SLICES, repeatsPerProcess: 1 };
  return [
    {
      measure: 'task() of two attributes, by its callback',
      options: 'AlwaysOn sampler, processors that keep nothing, AsyncLocalStorage context manager',
      sides: { ours: { side: 'ours' }, hand: { side: 'hand' } },
      ...common,
    },
    {
      measure: 'task() of two attributes, nothing registered',
      options: 'no providers, no context manager',
      sides: { ours: { side: 'nothing' }, registered: { side: 'ours' } },
      ...common,
    },
  ];
}

let seen = 0;

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side }) {
  const run = side === 'hand' ? byHand(register([])) : byTask;
  if (side === 'ours') register([new TaskLogRecordProcessor()]);
  const all = () => {
    for (let index = 0; index < TASKS; index += 1) run(index);
  };
  for (let slice = 0; slice < SLICES; slice += 1) all();
  return {
    repeat() {
      const before = seen;
      const nanoseconds = nanosecondsEach(TASKS, all);
      const wanted = side === 'nothing' ? 0 : TASKS * 3;
      if (seen - before !== wanted)
        throw new Error(`saw ${seen - before} spans and records, expected ${wanted}`);
      return { nanoseconds };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const figure = { figure: 'nanoseconds', unit: 'ns', ours: 'ours' };
  return 'hand' in trial.sides
    ? [ratioLine(trial, results, { ...figure, theirs: 'hand', atMost: 1.05 })]
    : [ratioLine(trial, results, { ...figure, theirs: 'registered', atMost: 0.35 })];
}

/** @param {import('@opentelemetry/sdk-logs').LogRecordProcessor[]} before */
function register(before) {
  const count = new RecordProcessor((record) => {
    if (record.attributes['task.sequence'] !== undefined) seen += 1;
  });
  const logs = providerWith(...before, count);
  registerLogs(logs);
  const spanProcessor = {
    onStart() {},
    onEnd() {
      seen += 1;
    },
    async forceFlush() {},
    async shutdown() {},
  };
  const tracers = new TracerProvider({ spanProcessors: [spanProcessor] });
  trace.setGlobalTracerProvider(tracers);
  return { logger: logs.getLogger('by hand'), tracer: tracers.getTracer('by hand') };
}

/** @param {number} index */
function byTask(index) {
  task('charge card', { 'user.id': index, currency: 'EUR' }, work);
}

/** The equivalent code of a careful application. */
function byHand({ logger, tracer }) {
  /** @param {number} index */
  return (index) => {
    const data = { 'user.id': index, currency: 'EUR' };
    return tracer.startActiveSpan('charge card', { attributes: data }, (span) => {
      const from = performance.now();
      const id = span.spanContext().spanId;
      logger.emit({
        eventName: 'task.started',
        severityNumber: INFO,
        severityText: 'INFO',
        body: 'charge card',
        attributes: { 'task.id': id, 'task.name': 'charge card', 'task.sequence': 1, ...data },
      });
      try {
        return work();
      } finally {
        logger.emit({
          eventName: 'task.succeeded',
          severityNumber: INFO,
          severityText: 'INFO',
          body: 'charge card succeeded',
          attributes: {
            'task.id': id,
            'task.name': 'charge card',
            'task.sequence': 2,
            ...data,
            'task.outcome': 'succeeded',
            'task.duration': (performance.now() - from) / 1_000,
          },
        });
        span.setAttribute('task.outcome', 'succeeded');
        span.end();
      }
    });
  };
}

function work() {
  return 1;
}
