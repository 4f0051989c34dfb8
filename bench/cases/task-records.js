import { TaskLogRecordProcessor, task, to } from 'burstlog';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { providerWith, RecordProcessor } from '../otel.js';
import { quietRecord } from '../records.js';

export const title = 'What does TaskLogRecordProcessor add to a record that is emitted inside a task?';

/** Emits per slice; ten slices are a repeat. */
const EMITS = 100_000;
const SLICES = 10;
const AT_MOST = 1.3;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: 'emit() of 4 attributes inside a task of 2 bound values',
      options:
        'a step below a task: task.id, task.name, task.sequence, task.parent.id and both values are added',
      sides: { with: { side: 'with' }, without: { side: 'without' } },
      slices: SLICES,
      repeatsPerProcess: 1,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side }) {
  /** @type {unknown} */
  let last;
  const keep = new RecordProcessor((record) => {
    last = record;
  });
  const before = side === 'with' ? [new TaskLogRecordProcessor()] : [];
  const logger = providerWith(...before, keep).getLogger('bench');
  const emit = () => {
    for (let index = 0; index < EMITS; index += 1) logger.emit(quietRecord(index));
  };
  const inTask = () => {
    task('checkout', { tenant: 'one' }, () => to('charge', { attempt: 1 }, emit));
  };
  for (let slice = 0; slice < SLICES; slice += 1) inTask();
  return {
    repeat() {
      const nanoseconds = nanosecondsEach(EMITS, inTask);
      const { attributes } = /** @type {{ attributes: Record<string, unknown> }} */ (last);
      if ((attributes['task.sequence'] === EMITS) !== (side === 'with'))
        throw new Error('the record lacks the attributes of the task');
      return { nanoseconds };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'with', theirs: 'without' };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST })];
}
